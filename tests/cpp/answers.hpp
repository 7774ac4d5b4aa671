#pragma once

/// Written by write_answers.py with NumPy 2.4.6 and SciPy 1.17.1; not by hand.

#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "motherlode/families.hpp"

namespace answers {

using namespace motherlode;

constexpr double infinity = std::numeric_limits<double>::infinity();

struct StreamAnswer {
  std::uint64_t seed, stream, event;
  std::vector<std::uint64_t> words;
  std::vector<std::uint32_t> halves;
  double uniform;
};

struct DensityAnswer {
  std::function<double(double)> density;
  double value, log_prob;

  template <class F>
  DensityAnswer(F family, double at, double answer)
      : density([family](double x) { return family.log_prob(x); }), value(at), log_prob(answer) {}
};

inline const std::vector<StreamAnswer> streams{
    {0u, 0u, 0u, {213000021201967259u, 4455796210202625458u, 2055444239878205049u, 10411612076246414556u, 9267267987884836803u, 5120919030223861725u, 17460660323513034167u, 18189711684604811196u, 4682203132107789405u, 3598048050090122770u}, {149215387u, 49592932u, 2628306354u}, 0x1.7a5d3204726c0p-7},
    {5u, 0u, 7u, {12438442064114648306u, 11119780518028761853u, 11560228606712937207u, 16874595678091697122u, 6526817859376256577u, 7895828664446225093u, 11114855987753144245u, 14243125632397323964u, 16473245884130599122u, 7016934370020427196u}, {3604251890u, 2896050471u, 1298782973u}, 0x1.593c724fada90p-1},
    {18446744073709551615u, 1u, 1099511627779u, {15221035775127162277u, 7527782465213330115u, 1450984715374898728u, 14522578478999332781u, 9343969560966229539u, 169772220238391595u, 3169012877867316671u, 9566785712064209818u, 11814075778388924149u, 2758191625124930497u}, {2583137701u, 3543923556u, 2842981059u}, 0x1.a677f6c933ef1p-1},
    {20261120u, 2u, 18446744073709551615u, {8700843871140060627u, 16609290596131689455u, 6281933449091360706u, 13229626059368773692u, 371149926938897124u, 306337686279749187u, 2852558041162343497u, 11700387618924927u, 13606565731683709541u, 16652893303594137942u}, {3648003539u, 2025823078u, 564810735u}, 0x1.e2fe6d9b65c06p-2},
};

inline const std::vector<DensityAnswer> densities{
    {Normal{1.5, 0.25}, 0x1.8000000000000p+0, 0x1.de9286b1f6a54p-2},
    {Normal{1.5, 0.25}, -0x1.8000000000000p+1, -0x1.4310b6bca704bp+7},
    {Normal{1.5, 0.25}, 0x1.4000000000000p+5, -0x1.728c42daf29c1p+13},
    {Uniform{-1.0, 3.0}, -0x1.0000000000000p+0, -0x1.62e42fefa39efp+0},
    {Uniform{-1.0, 3.0}, 0x1.0000000000000p-1, -0x1.62e42fefa39efp+0},
    {Uniform{-1.0, 3.0}, 0x1.8000000000000p+1, -0x1.62e42fefa39efp+0},
    {Uniform{-1.0, 3.0}, 0x1.c000000000000p+1, -infinity},
    {Poisson{3.25}, 0x0.0p+0, -0x1.a000000000000p+1},
    {Poisson{3.25}, 0x1.c000000000000p+2, -0x1.c32551ac8254cp+1},
    {Poisson{3.25}, 0x1.f400000000000p+8, -0x1.fa5030805a77cp+10},
    {Poisson{3.25}, 0x1.8000000000000p+0, -infinity},
    {Poisson{3.25}, -0x1.0000000000000p+0, -infinity},
    {Poisson{0.0}, 0x0.0p+0, 0x0.0p+0},
    {Poisson{0.0}, 0x1.0000000000000p+0, -infinity},
    {Bernoulli{1e-12}, 0x0.0p+0, -0x1.19799812df3bdp-40},
    {Bernoulli{1e-12}, 0x1.0000000000000p+0, -0x1.ba18a998fffa0p+4},
    {Bernoulli{1e-12}, 0x1.0000000000000p+1, -infinity},
    {Bernoulli{1.0}, 0x0.0p+0, -infinity},
    {Bernoulli{1.0}, 0x1.0000000000000p+0, 0x0.0p+0},
    {Beta{2.5, 0.75}, 0x1.12e0be826d695p-30, -0x1.ea316680ffd1fp+4},
    {Beta{2.5, 0.75}, 0x1.0000000000000p-1, -0x1.aca465135abd8p-2},
    {Beta{2.5, 0.75}, 0x1.ff7ced916872bp-1, 0x1.162de9efcf002p+1},
    {Beta{2.5, 0.75}, 0x1.8000000000000p+0, -infinity},
    {Beta{1.0, 1.0}, 0x0.0p+0, 0x0.0p+0},
    {Beta{1.0, 1.0}, 0x1.0000000000000p+0, 0x0.0p+0},
    {Exponential{4.0}, 0x0.0p+0, 0x1.62e42fefa39efp+0},
    {Exponential{4.0}, 0x1.8000000000000p+1, -0x1.53a37a020b8c2p+3},
    {Exponential{4.0}, 0x1.2c00000000000p+8, -0x1.2ba746f404172p+10},
    {Exponential{4.0}, -0x1.0000000000000p+0, -infinity},
    {Gamma{2.5, 0.5}, 0x1.12e0be826d695p-30, -0x1.08d1d11590dbfp+5},
    {Gamma{2.5, 0.5}, 0x1.8000000000000p+1, -0x1.dea03a6dbddd6p+0},
    {Gamma{2.5, 0.5}, 0x1.7700000000000p+11, -0x1.7480831035ef7p+10},
    {Gamma{2.5, 0.5}, -0x1.0000000000000p+0, -infinity},
    {Gamma{1.0, 0.5}, 0x0.0p+0, -0x1.62e42fefa39efp-1},
    {Gamma{1.0, 0.5}, 0x1.8000000000000p+1, -0x1.18b90bfbe8e7cp+1},
    {LogNormal{0.5, 1.25}, 0x1.19799812dea11p-40, -0x1.c57d28e60a736p+7},
    {LogNormal{0.5, 1.25}, 0x1.0000000000000p+1, -0x1.d8dff1f520951p+0},
    {LogNormal{0.5, 1.25}, 0x1.dcd6500000000p+29, -0x1.317a6b8fae566p+7},
    {LogNormal{0.5, 1.25}, 0x0.0p+0, -infinity},
    {LogNormal{0.5, 1.25}, -0x1.0000000000000p+0, -infinity},
    {Binomial{20.0, 0.3}, 0x0.0p+0, -0x1.c88b3ee198f24p+2},
    {Binomial{20.0, 0.3}, 0x1.8000000000000p+2, -0x1.a6f2c6c75fc00p+0},
    {Binomial{20.0, 0.3}, 0x1.4000000000000p+4, -0x1.814573bed10e9p+4},
    {Binomial{20.0, 0.3}, 0x1.5000000000000p+4, -infinity},
    {Binomial{20.0, 0.3}, 0x1.4000000000000p+1, -infinity},
    {Binomial{20.0, 0.0}, 0x0.0p+0, 0x0.0p+0},
    {Binomial{20.0, 0.0}, 0x1.0000000000000p+0, -infinity},
    {Binomial{20.0, 1.0}, 0x1.4000000000000p+4, 0x0.0p+0},
    {Binomial{20.0, 1.0}, 0x1.3000000000000p+4, -infinity},
    {Geometric{0.25}, 0x1.0000000000000p+0, -0x1.62e42fefa39efp+0},
    {Geometric{0.25}, 0x1.c000000000000p+2, -0x1.8e62b0c64c1a5p+1},
    {Geometric{0.25}, 0x1.f400000000000p+8, -0x1.21e1199c2f873p+7},
    {Geometric{0.25}, 0x0.0p+0, -infinity},
    {Geometric{0.25}, 0x1.8000000000000p+0, -infinity},
    {Geometric{0.25}, -0x1.0000000000000p+0, -infinity},
    {Geometric{1e-12}, 0x1.0000000000000p+0, -0x1.ba18a998fffa0p+4},
    {Geometric{1e-12}, 0x1.dcd6500000000p+29, -0x1.ba1cc22c74a4dp+4},
    {Geometric{1.0}, 0x1.0000000000000p+0, 0x0.0p+0},
    {Geometric{1.0}, 0x1.0000000000000p+1, -infinity},
    {Weibull{2.0, 1.5}, 0x1.12e0be826d695p-30, -0x1.5fde51bad786bp+3},
    {Weibull{2.0, 1.5}, 0x1.8000000000000p+1, -0x1.ec0c924c2f5a2p+0},
    {Weibull{2.0, 1.5}, 0x1.e000000000000p+5, -0x1.45cec5829bdf7p+7},
    {Weibull{2.0, 1.5}, -0x1.0000000000000p+0, -infinity},
    {Weibull{2.0, 1.0}, 0x0.0p+0, -0x1.62e42fefa39efp-1},
    {Weibull{2.0, 1.0}, 0x1.8000000000000p+1, -0x1.18b90bfbe8e7cp+1},
};

}  // namespace answers
