#pragma once

/// The wire, in dependency order; it needs libzmq, cppzmq and flatbuffers (CMake target motherlode::server).

#include "motherlode/motherlode.hpp"

#include "motherlode/ppx/frame.hpp"
#include "motherlode/ppx/decode.hpp"
#include "motherlode/ppx/encode.hpp"
#include "motherlode/ppx/endpoint.hpp"
#include "motherlode/ppx/keys.hpp"
#include "motherlode/ppx/termination.hpp"
#include "motherlode/ppx/connection.hpp"
#include "motherlode/ppx/lockstep.hpp"
#include "motherlode/ppx/server.hpp"
