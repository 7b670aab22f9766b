"""The systems that Martlet reproduces, at the settings of the notebooks that they come from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class System:
    """One system; `id` is also what `martlet reproduce` calls it."""

    id: str
    peer: str  # keras or torch: what the notebook used
    model: str
    dataset: str
    batch: int
    epochs: int  # the most epochs where something else ends the training
    held_out: tuple = None  # (first | last | random, share or count) of the training images
    bootstrap: bool = False  # half of both sets, drawn with replacement
    one_hot: bool = False
    evaluates_training: bool = False  # accuracy and loss on the training images, in inference mode
    threshold: float = None  # ends when an epoch's mean loss is at most this
    same_start: bool = False  # the peer begins with Martlet's initial weights of the same seed
    patience: int = None  # epochs without a better validation loss; then the best weights
    schedule: str = "constant"  # of the learning rate, as a run of Martlet names it
    penalty: str = "none"  # likewise
    notebook: str = "–"  # the notebook's own figure
    floor: float = None  # the test accuracy that is asked of every run of ours

    @property
    def configuration(self):
        """What configuration.json says in a run of ours at full settings."""
        kind, part = self.held_out or ("none", None)
        seed = f":{SAMPLE_SEED}" if kind == "random" else ""
        return {
            "epochs": self.epochs, "batch_size": self.batch, "patience": self.patience, "stop_loss": self.threshold,
            "validation": kind if part is None else f"{kind}:{part}{seed}",
            "sampling": f"bootstrap:0.5:{SAMPLE_SEED}" if self.bootstrap else "none",
            "schedule": self.schedule, "penalty": self.penalty, "optimizer": "adam", "learning_rate": 0.001,
            "clipping": "none", "augmentation": "none", "class_weights": "none", "plateau": None, "exact": False,
            "limit": None,
        }


# The seed of samples and random splits. It is part of the setting: all runs see the same images.
SAMPLE_SEED = 42


SYSTEMS = {
    row.id: row
    for row in [
        System("custom-cnn-mnist", "keras", "custom_cnn", "mnist", 64, 20, ("last", 0.2), bootstrap=True,
            one_hot=True, notebook="99.28 %, 99.02 %"),
        System("custom-cnn-cifar10", "keras", "custom_cnn", "cifar-10", 64, 20, ("last", 0.2), bootstrap=True,
            one_hot=True, notebook="62.40 %, 60.28 %"),
        System("alexnet-mnist", "keras", "alexnet", "mnist", 64, 20, ("last", 0.2), bootstrap=True,
            one_hot=True, floor=0.985),
        System("alexnet-cifar10", "keras", "alexnet", "cifar-10", 64, 20, ("last", 0.2), bootstrap=True,
            one_hot=True, floor=0.60),
        System("conv5x5-mnist", "torch", "conv5x5", "mnist", 32, 10, one_hot=True, evaluates_training=True,
            notebook="98.58 %"),
        System("conv5x5-regularized-mnist", "torch", "conv5x5_regularized", "mnist", 32, 200, one_hot=True,
            evaluates_training=True, threshold=0.38, same_start=True,
            penalty="l1:0.001,l2-norm:0.001", notebook="98.50 %"),
        System("dense-fashion", "keras", "dense", "fashion-mnist", 1000, 10, ("first", 4000),
            notebook="81.53 % (pixels of the test images not divided by 255)"),
        System("conv-fashion", "keras", "conv", "fashion-mnist", 2000, 10, ("first", 4000),
            notebook="83.78 % (pixels of the test images not divided by 255)"),
        System("convnet-mnist-type", "keras", "convnet", "mnist", 512, 5, ("last", 0.2),
            evaluates_training=True, notebook="98.79 %"),
        System("convnet-mnist-functional", "keras", "convnet", "mnist", 512, 5, ("last", 0.2),
            evaluates_training=True, notebook="98.83 % on the training images"),
        System("convnet-mnist-loop", "torch", "convnet", "mnist", 64, 5, floor=0.988),
        System("attention-fashion", "keras", "attention", "fashion-mnist", 64, 30, ("random", 10_000),
            one_hot=True, patience=5, schedule="cosine:50", floor=0.92),
    ]
}

# The same network with the same settings: one run stands for both.
SAME_RUN = {"convnet-mnist-functional": "convnet-mnist-type"}
