"""The rows of the benchmark: what is trained, on what, in batches of what size."""

from dataclasses import dataclass


@dataclass(frozen=True)
class System:
    """One row; `id` is also what `martlet benchmark` calls it."""

    id: str
    model: str
    batch: int
    shape: tuple  # height, width, channels
    classes: int
    dataset: str  # the folder of its IDX files
    preset: str  # whose initial weights and Adam: keras or pytorch


SYSTEMS = {
    row.id: row
    for row in [
        System("convnet-mnist-loop", "convnet", 64, (28, 28, 1), 10, "mnist", "pytorch"),
        System("convnet-mnist-type", "convnet", 512, (28, 28, 1), 10, "mnist", "keras"),
        System("conv5x5-mnist", "conv5x5", 32, (28, 28, 1), 10, "mnist", "pytorch"),
    ]
}
