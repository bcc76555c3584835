# SPDX-License-Identifier: BSL-1.0
# cmake/ccache.cmake - compile through ccache when it is there; -DMILTER_CCACHE= (empty) switches it off

find_program(MILTER_CCACHE ccache DOC "compiler cache; empty: none")
if(MILTER_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
    # Precompiled headers are cached only with this sloppiness and, for g++, -fpch-preprocess (ccache manual).
    set(CMAKE_CXX_COMPILER_LAUNCHER
        ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${MILTER_CCACHE})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        add_compile_options(-fpch-preprocess)
    endif()
endif()
