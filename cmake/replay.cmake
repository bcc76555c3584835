# SPDX-License-Identifier: BSL-1.0
# cmake/replay.cmake - milter-replay, where libpcap and zlib are there
find_path(PCAP_INCLUDE_DIR pcap.h)
find_library(PCAP_LIBRARY pcap)
find_package(ZLIB)
find_package(CLI11 2.1 REQUIRED)
find_package(fmt 9 REQUIRED)
if(NOT PCAP_INCLUDE_DIR OR NOT PCAP_LIBRARY OR NOT ZLIB_FOUND)
    message(WARNING "libpcap or zlib not found (Debian: libpcap-dev, zlib1g-dev): milter-replay is left out")
    return()
endif()
add_library(pcap UNKNOWN IMPORTED)
set_target_properties(pcap PROPERTIES
    IMPORTED_LOCATION ${PCAP_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${PCAP_INCLUDE_DIR})

milter_program(milter-replay replay LINK cli milter::json CLI11::CLI11 fmt::fmt pcap ZLIB::ZLIB)
add_dependencies(programs milter-replay)
