# Define motherlode::server: find what the wire needs and let flatc write the header that belongs to its version.

find_path(motherlode_ZMQ_INCLUDE_DIR zmq.hpp)
find_library(motherlode_ZMQ_LIBRARY zmq)
find_path(motherlode_FLATBUFFERS_INCLUDE_DIR flatbuffers/flatbuffers.h)
find_program(motherlode_FLATC flatc)
mark_as_advanced(motherlode_ZMQ_INCLUDE_DIR motherlode_ZMQ_LIBRARY motherlode_FLATBUFFERS_INCLUDE_DIR motherlode_FLATC)

set(motherlode_missing "")
foreach(need
    "motherlode_ZMQ_INCLUDE_DIR|zmq.hpp (cppzmq-dev)" "motherlode_ZMQ_LIBRARY|libzmq (libzmq3-dev)"
    "motherlode_FLATBUFFERS_INCLUDE_DIR|flatbuffers.h (libflatbuffers-dev)" "motherlode_FLATC|flatc (flatbuffers-compiler)"
    "motherlode_SCHEMA|ppx.fbs (part of motherlode)")
  string(REPLACE "|" ";" need "${need}")
  list(GET need 0 variable)
  list(GET need 1 words)
  if(NOT ${variable})
    string(APPEND motherlode_missing " ${words}")
  endif()
endforeach()

if(motherlode_missing)
  set(motherlode_NOT_FOUND_MESSAGE
    "motherlode::server cannot be built; missing:${motherlode_missing}. On Debian or Ubuntu: apt install libzmq3-dev cppzmq-dev libflatbuffers-dev flatbuffers-compiler")
  return()
endif()

set(motherlode_server_FOUND TRUE)
if(TARGET motherlode::server)
  return()
endif()

set(motherlode_GENERATED_DIR "${CMAKE_BINARY_DIR}/motherlode-generated")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${motherlode_SCHEMA}")
execute_process(
  COMMAND "${motherlode_FLATC}" --cpp --scoped-enums -o "${motherlode_GENERATED_DIR}" "${motherlode_SCHEMA}"
  RESULT_VARIABLE motherlode_flatc_result
  OUTPUT_VARIABLE motherlode_flatc_output
  ERROR_VARIABLE motherlode_flatc_output)
if(NOT motherlode_flatc_result EQUAL 0)
  message(FATAL_ERROR "${motherlode_FLATC} could not compile ${motherlode_SCHEMA}: ${motherlode_flatc_output}")
endif()

find_package(Threads REQUIRED)
add_library(motherlode_server INTERFACE)
add_library(motherlode::server ALIAS motherlode_server)
target_include_directories(motherlode_server SYSTEM INTERFACE
  "${motherlode_GENERATED_DIR}" "${motherlode_ZMQ_INCLUDE_DIR}" "${motherlode_FLATBUFFERS_INCLUDE_DIR}")
target_link_libraries(motherlode_server INTERFACE motherlode_core "${motherlode_ZMQ_LIBRARY}" Threads::Threads)
