# motherlode's C++ front end, header-only, C++17.
#
#   find_package(motherlode REQUIRED [COMPONENTS core server])
#   target_link_libraries(my_simulator PRIVATE motherlode::server)
#
# motherlode::core    sampling and gold, no dependencies
# motherlode::server  the wire as well; needs libzmq, cppzmq and flatbuffers (with flatc)
#
# Serves from the repository (src/cpp/cmake) and from an installed wheel (motherlode/share/cmake/motherlode).

cmake_minimum_required(VERSION 3.18)

foreach(candidate "${CMAKE_CURRENT_LIST_DIR}/../include" "${CMAKE_CURRENT_LIST_DIR}/../../../include")
  if(EXISTS "${candidate}/motherlode/motherlode.hpp")
    get_filename_component(motherlode_INCLUDE_DIR "${candidate}" ABSOLUTE)
  endif()
endforeach()
foreach(candidate "${CMAKE_CURRENT_LIST_DIR}/../../../protocols/ppx.fbs" "${CMAKE_CURRENT_LIST_DIR}/../../motherlode/ppx.fbs")
  if(EXISTS "${candidate}")
    get_filename_component(motherlode_SCHEMA "${candidate}" ABSOLUTE)
  endif()
endforeach()

set(motherlode_core_FOUND FALSE)
if(motherlode_INCLUDE_DIR)
  set(motherlode_core_FOUND TRUE)
  if(NOT TARGET motherlode::core)
    add_library(motherlode_core INTERFACE)
    add_library(motherlode::core ALIAS motherlode_core)
    target_include_directories(motherlode_core INTERFACE "${motherlode_INCLUDE_DIR}")
    target_compile_features(motherlode_core INTERFACE cxx_std_17)
    # Plug-ins that a program loads find its run among its symbols.
    target_link_options(motherlode_core INTERFACE -rdynamic)
    # Addresses of draws are relative to the folder of the target that makes them.
    target_compile_options(motherlode_core INTERFACE "-fmacro-prefix-map=$<TARGET_PROPERTY:SOURCE_DIR>/=")
  endif()
endif()

# A program that asks for components pays for those only.
set(motherlode_wanted ${motherlode_FIND_COMPONENTS})
if(NOT motherlode_wanted)
  set(motherlode_wanted core server)
endif()

set(motherlode_server_FOUND FALSE)
if(motherlode_core_FOUND AND "server" IN_LIST motherlode_wanted)
  include("${CMAKE_CURRENT_LIST_DIR}/motherlodeServer.cmake")
endif()

foreach(component IN LISTS motherlode_wanted)
  if(NOT motherlode_${component}_FOUND AND (motherlode_FIND_REQUIRED_${component} OR NOT motherlode_FIND_COMPONENTS))
    set(motherlode_FOUND FALSE)
    if(NOT motherlode_NOT_FOUND_MESSAGE)
      set(motherlode_NOT_FOUND_MESSAGE "motherlode has no usable component '${component}'.")
    endif()
  endif()
endforeach()
