"""The rows of the benchmark: what is timed, on what, in batches of what size."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class System:
    """What one row times; `id` is also what `martlet benchmark` calls it."""

    id: str
    model: str  # its name in networks_torch.py and networks_keras.py
    batch: int
    shape: tuple  # height, width, channels
    classes: int = 10
    dataset: str = None  # the folder of its files below --data; without one the pixels are random

    def row(self, mode):
        """What the row is called in reports."""
        return f"{self.id}, {mode}, batch {self.batch}"


GRAY, COLOR = (28, 28, 1), (32, 32, 3)

# One row each; the table is the one that the bars for speed are set on.
TRAINING = [
    System("custom-cnn-mnist", "custom-cnn", 64, GRAY, dataset="mnist"),
    System("custom-cnn-cifar10", "custom-cnn", 64, COLOR, dataset="cifar-10"),
    System("alexnet-mnist", "alexnet", 64, GRAY, dataset="mnist"),
    System("alexnet-cifar10", "alexnet", 64, COLOR, dataset="cifar-10"),
    System("conv5x5-mnist", "conv5x5", 32, GRAY, dataset="mnist"),
    System("conv-fashion", "conv", 2000, GRAY, dataset="fashion-mnist"),
    System("conv-cifar100-coarse", "conv", 2000, COLOR, classes=20),
    System("convnet-mnist-type", "convnet", 512, GRAY, dataset="mnist"),
    System("convnet-mnist-loop", "convnet", 64, GRAY, dataset="mnist"),
    System("attention-fashion", "attention", 64, GRAY, dataset="fashion-mnist"),
    System("attention-fashion", "attention", 256, GRAY, dataset="fashion-mnist"),
]

# Networks that nobody tuned for.
UNTUNED = [
    System("vgg-like", "vgg-like", 64, COLOR, dataset="cifar-10"),
    System("resnet-like", "resnet-like", 64, COLOR, dataset="cifar-10"),
    System("mobilenet-like", "mobilenet-like", 64, COLOR, dataset="cifar-10"),
    System("odd", "odd", 37, (27, 31, 2)),
]

# The same networks once each, for predictions.
_PREDICTED = [
    "custom-cnn-mnist", "custom-cnn-cifar10", "alexnet-mnist", "alexnet-cifar10", "conv5x5-mnist",
    "conv-fashion", "convnet-mnist-loop", "attention-fashion", *[system.id for system in UNTUNED],
]
SYSTEMS = {system.id: system for system in reversed(TRAINING + UNTUNED)}
INFERENCE = [replace(SYSTEMS[name], batch=batch) for name in _PREDICTED for batch in (256, 1)]

# What memory and the time to the first step are measured on.
MEMORY = [("convnet-mnist-loop", 64), ("attention-fashion", 64)]
