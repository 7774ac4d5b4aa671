#pragma once

/// The probability families: one struct each, with its parameters, log-density and sampler.
///
/// `id` and the parameters are those of `Distribution` in ppx.fbs. `Real` is double, or a tracked number.
/// A family that states `prob` is accumulated as a product (Product), the others as a sum of `log_prob`.
/// A family with `support` has a support that its parameters move.

#include "motherlode/continuous.hpp"
#include "motherlode/discrete.hpp"
#include "motherlode/family.hpp"
