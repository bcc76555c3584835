# SPDX-License-Identifier: BSL-1.0
# cmake/pkg_config_libraries.cmake - what has no other way in Debian than pkg-config: RE2 (libre2-dev), libidn2 (libidn2-dev),
# c-ares (libc-ares-dev), SQLite (libsqlite3-dev)
#
# Included where something is built from apps/.
include_guard(GLOBAL)
find_package(PkgConfig REQUIRED)
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET GLOBAL re2)
pkg_check_modules(idn2 REQUIRED IMPORTED_TARGET GLOBAL libidn2)
pkg_check_modules(cares REQUIRED IMPORTED_TARGET GLOBAL libcares>=1.18)
pkg_check_modules(sqlite3 REQUIRED IMPORTED_TARGET GLOBAL sqlite3)
# re2.pc has -pthread among its flags, which glibc has no use for, and which keeps the tests' precompiled header out.
set_property(TARGET PkgConfig::re2 PROPERTY INTERFACE_COMPILE_OPTIONS "")
