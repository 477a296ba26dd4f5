"""Named combinations of network and training methods."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..economy.model import Model
from ..economy.networks import Architecture, KMRNetwork, SmoothNetwork
from ..economy.split import SplitGaussHermite
from ..economy.which_rule import FEW as FEW_SHOCKS, training_rule
from .first_order import FirstOrder
from .gauss_newton import Curvature, GaussNewton
from .method import Method
from .sample import Curriculum, Drawn, Fixed, Renewed, Sampling, Screen, Simulated, Walked
from .weighting import EquationWeights, Weighting

FEW = 5
"""Free parameters up to which a small network is the default: with three, it solved `hank` more exactly than the large
one does over the whole box."""

NOTHING_LEFT = 1e-26
"""Mean squared residual of a linear model whose linear solution is exact."""

PHASED_IN = Curriculum()
"""How an occasionally binding constraint comes in where there are no households."""

CONSTRAINED = GaussNewton(
    sample=Fixed(wide_share=0.3, screen=Screen()), expectation=SplitGaussHermite(4), curriculum=PHASED_IN
)
REMEMBERED = Curvature(damping=1e-5, least_damping=1e-8, float32_until=0.0, memory=0.95, bend=False, at_once=64)
"""Of points that are new at every iteration, each of which takes much memory."""
WALKED = Walked(
    points=256, steps=8, redrawn=0.05, anywhere=0.15, screen=Screen(ratio=5.0, sharpness=4.0), doubtful=0.15
)
"""Where economies with households are looked at."""


@dataclass(frozen=True)
class Recipe:
    """A network and the methods that train it, one after another."""

    network: Architecture
    methods: tuple[Method, ...]


def default() -> Recipe:
    """Levenberg-Marquardt on up to 8,192 points: 20 seconds on two cores for a small model, compilation included."""
    return Recipe(SmoothNetwork(), (GaussNewton(),))


def nonlinear(shocks: int = 1) -> Recipe:
    """For a model that is linearised: a minute on two cores for a small model.

    What is learned is what the second-order solution leaves. `shocks`: how many the model has; expectations over three
    and more are taken at few nodes.
    """
    sample = Fixed(points=4096, start=1024, double_every=15)
    method = GaussNewton(45, sample, training_rule(shocks), target=NOTHING_LEFT)
    return Recipe(SmoothNetwork(8, 2, curved_width=32, curved_depth=2, bend=1.0), (method,))


def quick() -> Recipe:
    """A few seconds, for a first look or a test."""
    # One precision throughout: so few points gain nothing from two, which take a third longer to compile.
    method = GaussNewton(30, Fixed(points=1024, start=512), curvature=Curvature(float32_until=1.0))
    return Recipe(SmoothNetwork(width=12, depth=3), (method,))


def thorough() -> Recipe:
    """A few minutes: how the weights of `nk` that ship were solved."""
    return Recipe(SmoothNetwork(width=18, depth=5), (GaussNewton(iterations=150),))


def constrained() -> Recipe:
    """For one shock and an occasionally binding constraint: two minutes on two cores, half of it compilation."""
    return Recipe(SmoothNetwork(12, 3, curved_width=24, curved_depth=3, bend=1.0), (CONSTRAINED,))


def constrained_thorough() -> Recipe:
    """The same, wider and longer, for more exact weights."""
    return Recipe(
        SmoothNetwork(16, 4, curved_width=32, curved_depth=3, bend=1.0), (replace(CONSTRAINED, iterations=150),)
    )


def large(iterations: int = 25) -> Recipe:
    """For many shocks and states and an occasionally binding constraint: ten minutes beside other work, 2.5 GB.

    The bound is in force from the first iteration: the second-order solution, with the turn of a bound that holds for
    one period, is nearer to the solution than any economy without the bound. Points are new at every iteration: no
    fixed design of a size that can be afforded fills forty dimensions. Residuals count as they are, so they should be
    in comparable units. What is left of those of `smets_wouters` is in docs/decisions/linear.md.
    """
    network = SmoothNetwork(6, 2, curved_width=40, curved_depth=2, bend=1.0)
    curvature = replace(REMEMBERED, damping=1e-3)  # whole steps on the first thousand points would fit their noise
    method = GaussNewton(iterations, Renewed(), SplitGaussHermite(2), EquationWeights(), curvature)
    return Recipe(network, (method,))


def households(iterations: int = 130, points: int = 1024) -> Recipe:
    """For `hank`, with households in its state and a bound: 45 minutes on two cores in a quick hour, 5.5 GB.

    Most economies are drawn where an equilibrium is known to exist, and one in twenty gives way to a new one at every
    iteration; the few drawn anywhere count a seventh. The bound comes in over the first two fifths of the iterations;
    then curvature is remembered, for new states come with every iteration and a few hundred of them tell little alone.
    Nodes of expectations are new each time, too: what satisfies a few fixed ones need not hold between them. What
    guards the way to the solution, the stability row, bends it a little: after half of the iterations it is gone, but
    for economies that may have no equilibrium to come back to. So are, after three quarters, shocks larger than usual.
    Euler equations, an array, count half: households' errors may be three times as large. Memory needs more residuals
    than weights: fewer points than 1,024 over a wide box ask for a smaller network.
    """
    network = SmoothNetwork(24, 3, curved_width=56, curved_depth=2, bend=0.3, begin=0.01)
    sample = replace(WALKED, points=points, guarded=iterations // 2, widened=3 * iterations // 4)
    return Recipe(network, (_remembering(iterations, sample, EquationWeights(arrays=0.5)),))


def _remembering(iterations: int, sample: Walked, weighting: Weighting = EquationWeights()) -> GaussNewton:
    return GaussNewton(
        iterations,
        sample,
        SplitGaussHermite(3, randomized=True),
        weighting,
        REMEMBERED,
        Curriculum(iterations // 20, 2 * iterations // 5),
    )


def households_quick(iterations: int = 60, points: int = 256) -> Recipe:
    """The same with a third of the weights: three minutes."""
    network = SmoothNetwork(10, 3, curved_width=20, curved_depth=2, bend=0.3, begin=0.01)
    sample = replace(WALKED, points=points, guarded=iterations // 2)
    return Recipe(network, (_remembering(iterations, sample),))


def distribution(shocks: int = 1, iterations: int = 30) -> Recipe:
    """For an economy with households and no bound, such as `krusell_smith`.

    `shocks`: how many it has that move no Markov chain. Few iterations do, ten at one value of every parameter:
    households' values are near a combination of few functions, and points that walk are new each time.
    """
    network = SmoothNetwork(10, 3, curved_width=24, curved_depth=2, bend=0.3, begin=0.01)
    sample = Walked(points=256, steps=5, stability=0.0, wide_share=0.2)
    curvature = replace(REMEMBERED, memory=0.9)
    method = GaussNewton(iterations, sample, training_rule(shocks), EquationWeights(arrays=0.5), curvature)
    return Recipe(network, (method,))


def calibration(iterations: int = 100, points: int = 256) -> Recipe:
    """For `hank` at one value of every parameter (`HANK().only()`): five minutes on two cores.

    Residuals fall to a mean square of 3e-10 at σ_ζ = 0.012 and to 1e-8 at 0.0135; at KMR's true values (0.015) they
    stay between 2.5e-8 and 1.3e-7 (docs/decisions/hank_frontier.md: what is known of it). The stability row goes after
    two thirds of the iterations, unless shocks are too large for an equilibrium that is known.
    """
    network = SmoothNetwork(4, 2, curved_width=24, curved_depth=2, bend=0.3, begin=0.01)
    sample = replace(WALKED, points=points, guarded=2 * iterations // 3, redrawn=0.0)
    return Recipe(network, (_remembering(iterations, sample),))


def suited(model: Model) -> Recipe:
    """The default for a model: `constrained` where it has occasionally binding constraints, `large` where it has
    many shocks as well, `nonlinear` where the library linearises it, `distribution` where a state is an array and there
    are none; `households` where it is one and there are,
    `households_quick` where few of its parameters are free as well, `calibration` where none is.
    """
    if model.arrays and not model.constraints:
        shocks = len(model.shocks) - len(model.chains)
        return distribution(shocks) if model.parameters.free else distribution(shocks, iterations=10)
    if model.arrays:
        free = len(model.parameters.free)
        return calibration() if free == 0 else households_quick() if free <= FEW else households()
    if model.constraints:
        return constrained() if len(model.shocks) <= FEW_SHOCKS else large()
    return nonlinear(len(model.shocks)) if model.linearises else default()


def kmr(sampling: Sampling, inner_steps: int = 1, iterations: int = 25_000) -> Recipe:
    """KMR's network and first-order training, with any way of sampling."""
    return Recipe(KMRNetwork(), (FirstOrder(iterations=iterations, inner_steps=inner_steps, sampling=sampling),))


RECIPES: dict[str, Callable[[], Recipe]] = {
    "default": default,
    "nonlinear": nonlinear,
    "quick": quick,
    "thorough": thorough,
    "constrained": constrained,
    "constrained-thorough": constrained_thorough,
    "large": large,
    "households": households,
    "households-quick": households_quick,
    "calibration": calibration,
    "distribution": distribution,
    "kmr-fresh": lambda: kmr(Drawn()),
    "kmr-kept": lambda: kmr(Drawn(redraw_every=100)),
    "kmr-simulated": lambda: kmr(Simulated(steps=10, redraw_every=1)),
    "kmr-simulated-kept": lambda: kmr(Simulated(steps=10, redraw_every=100)),
    "kmr-julia": lambda: kmr(Drawn(), inner_steps=5, iterations=5_000),
    "kmr-julia-full": lambda: kmr(Drawn(), inner_steps=5, iterations=50_000),
}
"""What the command line offers by name; in Python, pass a `Recipe` of your own."""
