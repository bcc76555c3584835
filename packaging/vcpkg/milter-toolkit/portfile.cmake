# SPDX-License-Identifier: BSL-1.0
# The header-only library for vcpkg, from the clone that this port lies in. Not run: see packaging/README.md.
cmake_path(GET CURRENT_PORT_DIR PARENT_PATH ports)
cmake_path(GET ports PARENT_PATH packaging)
cmake_path(GET packaging PARENT_PATH SOURCE_PATH)

set(VCPKG_BUILD_TYPE release) # headers only
vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS
        -DMILTER_BUILD_APPS=OFF
        -DMILTER_BUILD_REPLAY=OFF
        -DMILTER_BUILD_TESTS=OFF
        -DMILTER_INSTALL=ON
)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(PACKAGE_NAME milter CONFIG_PATH share/cmake/milter)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/share/doc" "${CURRENT_PACKAGES_DIR}/lib")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
