# SPDX-License-Identifier: BSL-1.0
# tests/layers.cmake - the test programs test_<layer>

find_package(Boost 1.81 REQUIRED COMPONENTS unit_test_framework)

# main() and the precompiled header, built once and used by all test programs.
add_library(test_main OBJECT support/main.cpp support/hang_watch.cpp)
target_compile_definitions(test_main PUBLIC BOOST_TEST_DYN_LINK) # never included/unit_test.hpp: 10 s a program
target_compile_features(test_main PUBLIC cxx_std_20)
target_include_directories(test_main PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(test_main PUBLIC Boost::unit_test_framework)
target_precompile_headers(test_main PRIVATE support/pch.hpp)

# milter_test(LAYER [LINK targets...])
# Program test_LAYER from all sources in the folder LAYER, registered in ctest with that label. Targets in LINK that do
# not exist are skipped.
function(milter_test layer)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LINK")
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${layer}/*.cpp)
    list(FILTER sources EXCLUDE REGEX "/programs/") # with a main() of their own
    if(NOT sources)
        return()
    endif()
    set(name test_${layer})
    add_executable(${name} ${sources})
    target_link_libraries(${name} PRIVATE test_main milter::milter)
    foreach(library IN LISTS arg_LINK)
        if(TARGET ${library})
            target_link_libraries(${name} PRIVATE ${library})
        endif()
    endforeach()
    target_precompile_headers(${name} REUSE_FROM test_main)
    target_compile_definitions(${name} PRIVATE
        MILTER_PROJECT_VERSION="${PROJECT_VERSION}"
        MILTER_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    # The limit is for hangs only: no test may depend on how fast the machine is.
    add_test(NAME ${name} COMMAND ${name} --color_output=no)
    set_tests_properties(${name} PROPERTIES LABELS ${layer} TIMEOUT 900)
endfunction()

milter_test(base)
milter_test(wire)
milter_test(proto)
milter_test(message)
milter_test(corpus LINK milter::json)
milter_test(capture)
milter_test(net LINK milter::net milter_asio)
milter_test(test)
milter_test(filter LINK milter::net milter_asio)
milter_test(rule LINK rule)
milter_test(load LINK load)
milter_test(manager LINK manager_core manager_config manager_import manager_doctor)
if(TARGET test_manager)
    target_sources(test_manager PRIVATE support/manager_rig.cpp support/scripted_filter.cpp support/scripted_mta.cpp)
endif()
milter_test(service LINK manager_service manager_config manager_core)

# Filters written for libmilter: compiled for it and for the toolkit, they must answer the same.
milter_test(compat LINK milter::net milter_asio)
find_path(LIBMILTER_INCLUDE_DIR libmilter/mfapi.h)
find_library(LIBMILTER_LIBRARY milter)
foreach(program IN ITEMS greylist_milter header_milter)
    add_executable(${program}_toolkit compat/programs/${program}.cpp)
    target_compile_definitions(${program}_toolkit PRIVATE MILTER_COMPAT)
    target_link_libraries(${program}_toolkit PRIVATE milter::net)
    if(LIBMILTER_INCLUDE_DIR AND LIBMILTER_LIBRARY)
        add_executable(${program}_libmilter compat/programs/${program}.cpp)
        target_link_libraries(${program}_libmilter PRIVATE ${LIBMILTER_LIBRARY} Threads::Threads)
    endif()
endforeach()
find_package(Python3 3.11 COMPONENTS Interpreter)
if(Python3_FOUND AND TARGET milter-test-server AND TARGET greylist_milter_libmilter)
    add_test(NAME compat_same_answers COMMAND Python3::Interpreter -B ${CMAKE_CURRENT_SOURCE_DIR}/compat/same_answers.py
        ${CMAKE_RUNTIME_OUTPUT_DIRECTORY} $<TARGET_FILE:milter-test-server>)
    set_tests_properties(compat_same_answers PROPERTIES LABELS compat TIMEOUT 600)
endif()

# Counts what is allocated, in a program of its own: operator new is replaced, and what Asio uses besides it is wrapped.
milter_test(allocation LINK milter::net milter_asio rule)
target_link_options(test_allocation PRIVATE LINKER:--wrap=aligned_alloc)

# The milters of docs/examples/filter, each a program bin/example_NAME that tests/apps/example_milters.cpp runs.
add_custom_target(example_milters)
file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/examples/filter/*.cpp)
foreach(source IN LISTS sources)
    cmake_path(GET source STEM example)
    add_executable(example_${example} ${source})
    target_link_libraries(example_${example} PRIVATE milter::net milter_asio)
    add_dependencies(example_milters example_${example})
endforeach()

# Tests of the programs: of their libraries, and of the programs as a user starts them.
get_property(programs GLOBAL PROPERTY MILTER_PROGRAMS)
list(TRANSFORM programs APPEND _lib OUTPUT_VARIABLE program_libraries)
milter_test(apps LINK ${program_libraries} milter::net milter_asio)
if(TARGET test_apps)
    target_compile_definitions(test_apps PRIVATE MILTER_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
    set_property(TEST test_apps PROPERTY ENVIRONMENT "MILTER_BIN_DIR=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
    if(programs)
        add_dependencies(test_apps ${programs})
    endif()
    add_dependencies(test_apps example_milters)
endif()

# The way from the installation to the first mail, as docs/operations.md has it.
find_package(Python3 3.11 COMPONENTS Interpreter)
if(Python3_FOUND AND TARGET milter-manager AND TARGET milter-test-server AND TARGET milter-test-filter)
    add_test(NAME first_start COMMAND Python3::Interpreter -B ${CMAKE_CURRENT_SOURCE_DIR}/apps/first_start.py
        ${PROJECT_SOURCE_DIR} ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
    set_tests_properties(first_start PROPERTIES LABELS apps TIMEOUT 300)
endif()

# The scenarios and the recipe for pytest of docs/testing.md.
if(Python3_FOUND AND TARGET milter-test-server AND TARGET milter-test-filter)
    add_test(NAME testing_guide COMMAND Python3::Interpreter -B ${CMAKE_CURRENT_SOURCE_DIR}/apps/testing_guide.py
        ${PROJECT_SOURCE_DIR} ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
    set_tests_properties(testing_guide PROPERTIES LABELS apps TIMEOUT 600)
endif()

# The other commands of the documents about the manager and its rules, and the output that stands with them.
if(TEST first_start AND TARGET milter-replay)
    add_test(NAME documented_commands COMMAND Python3::Interpreter -B ${CMAKE_CURRENT_SOURCE_DIR}/apps/documented_commands.py
        ${PROJECT_SOURCE_DIR} ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
    set_tests_properties(documented_commands PROPERTIES LABELS apps TIMEOUT 900)
endif()

if(TARGET milter-replay)
    milter_test(replay LINK milter-replay_lib)
    target_compile_definitions(test_replay PRIVATE MILTER_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
    set_property(TEST test_replay PROPERTY ENVIRONMENT "MILTER_BIN_DIR=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
    add_dependencies(test_replay milter-replay)
    if(Python3_FOUND)
        file(GLOB captures CONFIGURE_DEPENDS replay/captures/*)
        add_test(NAME replay_against_decoder COMMAND Python3::Interpreter -B
            ${CMAKE_CURRENT_SOURCE_DIR}/replay/against_decoder.py $<TARGET_FILE:milter-replay> ${captures})
        set_tests_properties(replay_against_decoder PROPERTIES LABELS replay TIMEOUT 300)
    endif()
endif()

# What scripts/test builds with ThreadSanitizer: the layers that have threads; the manager, which the test_apps of
# another build tries, by MILTER_BIN_DIR; and the filters that were written for libmilter.
add_custom_target(threaded_tests)
foreach(target IN ITEMS test_net test_filter test_compat test_service milter-manager
    greylist_milter_toolkit header_milter_toolkit)
    if(TARGET ${target})
        add_dependencies(threaded_tests ${target})
    endif()
endforeach()
