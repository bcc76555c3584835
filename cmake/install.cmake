# SPDX-License-Identifier: BSL-1.0
# cmake/install.cmake - headers, CMake package `milter`, pkg-config file, documentation
#
# The pkg-config file is milter-toolkit.pc because Debian's libmilter-dev owns milter.pc.
# Component milter_development is what a consumer of the library needs; programs are milter_programs (apps/), and so is
# the documentation.
include(CMakePackageConfigHelpers)

set(milter_cmake_dir "${CMAKE_INSTALL_DATADIR}/cmake/milter") # share: nothing in it depends on the architecture

install(TARGETS milter milter_net milter_json EXPORT milter-targets FILE_SET HEADERS COMPONENT milter_development)
install(EXPORT milter-targets NAMESPACE milter:: DESTINATION ${milter_cmake_dir} COMPONENT milter_development)

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/milter-config.cmake.in
    ${CMAKE_CURRENT_BINARY_DIR}/milter-config.cmake INSTALL_DESTINATION ${milter_cmake_dir})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/milter-config-version.cmake
    COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
configure_file(${CMAKE_CURRENT_LIST_DIR}/milter-toolkit.pc.in ${CMAKE_CURRENT_BINARY_DIR}/milter-toolkit.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/milter-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/milter-config-version.cmake
    DESTINATION ${milter_cmake_dir} COMPONENT milter_development)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/milter-toolkit.pc
    DESTINATION ${CMAKE_INSTALL_DATADIR}/pkgconfig COMPONENT milter_development)

# As in the source tree, so that the links between the pages hold.
install(FILES README.md CHANGELOG.md LICENSE TYPE DOC COMPONENT milter_programs)
install(DIRECTORY docs rules TYPE DOC COMPONENT milter_programs)
