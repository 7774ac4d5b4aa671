# %% [markdown]
# # Mining a C++ code that nobody wants to rewrite
#
# `legacy_cpp/epidemic.cpp` simulates an epidemic in a school, in the style of such codes: a global `std::mt19937`,
# distributions of `<random>`, and `if (u(gen) < p)`. `legacy_cpp/epidemic_mined.cpp` is the same code with motherlode's
# engine and distributions in place of the standard ones, and another `main`. This script shows the difference, proves
# that both programs simulate the same epidemic, and mines the second.

# %%
import difflib
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy.stats import ks_2samp

import motherlode
from motherlode.core.paths import cmake_dir

QUICK = "--quick" in sys.argv
HERE = Path(__file__).parent / "legacy_cpp"
OUTBREAKS = 2_000 if QUICK else 20_000
THETA = (1.6, 0.4)

# %% [markdown]
# ## The diff

# %%
old, new = (HERE / name for name in ("epidemic.cpp", "epidemic_mined.cpp"))
lines = difflib.unified_diff(
    old.read_text().splitlines(), new.read_text().splitlines(), old.name, new.name, lineterm="", n=0
)
print("\n".join(lines))

# %% [markdown]
# ## Build both

# %%
folder = tempfile.TemporaryDirectory(prefix="legacy-")
build = Path(folder.name)
configure = ["cmake", "-S", HERE, "-B", build, f"-Dmotherlode_DIR={cmake_dir()}"]
subprocess.run(configure, check=True, stdout=subprocess.DEVNULL)
subprocess.run(["cmake", "--build", build], check=True, stdout=subprocess.DEVNULL)

# %% [markdown]
# ## The proof
# Both programs, alone, at the same parameters: each column of x has the same distribution (two-sample
# Kolmogorov-Smirnov; with three columns at p > 0.001 each, a right program fails once in 300 runs).

# %%


def outbreaks(*command: str) -> np.ndarray:
    """Return what a program prints: one outbreak a line."""
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return np.array([line.split() for line in printed.splitlines()], dtype=float)


bare = outbreaks(str(build / "epidemic"), str(THETA[0]), str(THETA[1]), str(OUTBREAKS), "1")
theta = ",".join(map(str, THETA))
mined = outbreaks(str(build / "epidemic_mined"), "--theta", theta, "--events", str(OUTBREAKS), "--seed", "1")
for column, name in enumerate(("fell ill", "days", "worst day")):
    p_value = ks_2samp(bare[:, column], mined[:, column]).pvalue
    print(f"{name:9}  {bare[:, column].mean():6.3f} and {mined[:, column].mean():6.3f} on average, p = {p_value:.3f}")
    if p_value < 0.001:
        raise SystemExit(f"The two programs differ in {name!r}.")

# %% [markdown]
# ## The gold
# Every contact, infection and recovery is now seen. `check` replays events at other parameters to make sure that x
# depends on them through draws alone; the audit compares what is known exactly of joint ratios and scores.

# %%
simulator = motherlode.launch([build / "epidemic_mined"])
thetas = np.tile(THETA, (OUTBREAKS, 1))
print(simulator.check(thetas[:200], [[1.7, 0.45]]))
events = simulator.mine(thetas, np.tile([1.5, 0.42], (OUTBREAKS, 1, 1)), seed=2)
print(events.audit())

# %%
simulator.close()
folder.cleanup()
