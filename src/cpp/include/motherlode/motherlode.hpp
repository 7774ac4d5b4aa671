#pragma once

/// The core, in dependency order; it needs the standard library only. `motherlode/main.hpp` adds the wire.

#include "motherlode/version.hpp"

#include "motherlode/errors.hpp"
#include "motherlode/philox.hpp"
#include "motherlode/source.hpp"
#include "motherlode/families.hpp"
#include "motherlode/location.hpp"
#include "motherlode/sites.hpp"
#include "motherlode/refusal.hpp"
#include "motherlode/product.hpp"
#include "motherlode/trace.hpp"
#include "motherlode/remote.hpp"
#include "motherlode/theta.hpp"
#include "motherlode/draws.hpp"
#include "motherlode/tangents.hpp"
#include "motherlode/model.hpp"
#include "motherlode/gold.hpp"
#include "motherlode/leaks.hpp"
#include "motherlode/replay.hpp"
#include "motherlode/tracked.hpp"
#include "motherlode/tracked_math.hpp"
#include "motherlode/tracked_draws.hpp"
#include "motherlode/tracked_model.hpp"
#include "motherlode/mine.hpp"
#include "motherlode/standalone.hpp"
