# SPDX-License-Identifier: BSL-1.0
# cmake/rule_libraries.cmake - what apps/rule links: RE2 (Debian: libre2-dev) and libidn2 (libidn2-dev)
#
# By pkg-config, as Debian's packages have no other way. Included where something is built from apps/rule.
include_guard(GLOBAL)
find_package(PkgConfig REQUIRED)
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET GLOBAL re2)
pkg_check_modules(idn2 REQUIRED IMPORTED_TARGET GLOBAL libidn2)
# re2.pc has -pthread among its flags, which glibc has no use for, and which keeps the tests' precompiled header out.
set_property(TARGET PkgConfig::re2 PROPERTY INTERFACE_COMPILE_OPTIONS "")
