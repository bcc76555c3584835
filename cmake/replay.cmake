# SPDX-License-Identifier: BSL-1.0
# cmake/replay.cmake - milter-replay, where libpcap, zlib, zstd and libseccomp are there
find_path(PCAP_INCLUDE_DIR pcap.h)
find_library(PCAP_LIBRARY pcap)
find_package(ZLIB)
find_package(CLI11 2.1 REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(tomlplusplus 3.3 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(zstd IMPORTED_TARGET GLOBAL libzstd)
pkg_check_modules(seccomp IMPORTED_TARGET GLOBAL libseccomp)
if(NOT PCAP_INCLUDE_DIR OR NOT PCAP_LIBRARY OR NOT ZLIB_FOUND OR NOT zstd_FOUND OR NOT seccomp_FOUND)
    message(WARNING "milter-replay is left out: it needs Debian's libpcap-dev, zlib1g-dev, libzstd-dev, libseccomp-dev")
    return()
endif()
add_library(pcap UNKNOWN IMPORTED)
set_target_properties(pcap PROPERTIES
    IMPORTED_LOCATION ${PCAP_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${PCAP_INCLUDE_DIR})

milter_program(milter-replay replay
    LINK cli load rule milter::json milter::net milter_asio CLI11::CLI11 fmt::fmt tomlplusplus::tomlplusplus
        pcap ZLIB::ZLIB PkgConfig::zstd PkgConfig::seccomp)
add_dependencies(programs milter-replay)
