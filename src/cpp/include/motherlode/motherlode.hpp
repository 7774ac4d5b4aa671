#pragma once

/// The core, in dependency order; it needs the standard library only. `motherlode/main.hpp` adds the wire.

#include "motherlode/errors.hpp"
#include "motherlode/philox.hpp"
#include "motherlode/source.hpp"
#include "motherlode/families.hpp"
#include "motherlode/location.hpp"
#include "motherlode/sites.hpp"
#include "motherlode/product.hpp"
#include "motherlode/trace.hpp"
#include "motherlode/remote.hpp"
#include "motherlode/theta.hpp"
#include "motherlode/draws.hpp"
#include "motherlode/model.hpp"
#include "motherlode/gold.hpp"
#include "motherlode/replay.hpp"
#include "motherlode/standalone.hpp"
