"""The courses of Keras's EarlyStopping and ReduceLROnPlateau on made-up figures: python make_callbacks.py FOLDER

Figures are multiples of 1/64, so that Keras's single-precision comparisons are exact.
"""

import os
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np

from common import Golden, words

CASES = 24
EPOCHS = 16


class Model:
    """As much of a model as the callbacks touch."""

    def __init__(self, rate):
        self.stop_training = False
        self.epoch = 0
        self.restored = 0
        self.optimizer = keras.optimizers.SGD(learning_rate=rate)

    def get_weights(self):
        return [self.epoch]

    def set_weights(self, weights):
        self.restored = weights[0]


def pick(name, case, choices):
    return choices[int(words(f"{name} {case}", 1)[0] >> np.uint64(33)) % len(choices)]


def figures(name, case):
    """A falling curve with noise, in 64ths."""
    noise = (words(f"{name} {case} figures", EPOCHS) >> np.uint64(40)).astype(np.int64) % 24
    return (96 - 4 * np.arange(EPOCHS) + noise) / 64.0


def early(case):
    settings = [
        pick("patience", case, [0, 1, 2, 3, 5]), pick("delta", case, [0, 0, 1 / 64, 4 / 64]),
        pick("start", case, [0, 0, 0, 3]), pick("baseline", case, [np.nan, np.nan, 1.25]),
        pick("mode", case, [0, 0, 1]),
    ]
    patience, delta, start, baseline, greater = settings
    values = figures("early", case) * (-1 if greater else 1)
    callback = keras.callbacks.EarlyStopping(
        monitor="figure", mode="max" if greater else "min", patience=patience, min_delta=delta,
        start_from_epoch=start, baseline=None if np.isnan(baseline) else baseline * (-1 if greater else 1),
        restore_best_weights=True)
    model = Model(0.1)
    callback.set_model(model)
    callback.on_train_begin()
    for epoch in range(EPOCHS):
        model.epoch = epoch + 1
        callback.on_epoch_end(epoch, {"figure": values[epoch]})
        if model.stop_training:
            break
    callback.on_train_end()
    # Epochs trained, and the epoch whose weights are put in place.
    return values, settings, [model.epoch, model.restored]


def plateau(case):
    settings = [
        pick("factor", case, [0.1, 0.5, 0.25]), pick("patience of a plateau", case, [0, 1, 2, 3]),
        pick("delta of a plateau", case, [0, 1 / 64, 4 / 64]), pick("cooldown", case, [0, 0, 1, 3]),
        pick("minimum", case, [0, 0, 0.001, 0.02]),
    ]
    factor, patience, delta, cooldown, minimum = settings
    values = figures("plateau", case)
    callback = keras.callbacks.ReduceLROnPlateau(
        monitor="figure", mode="min", factor=factor, patience=patience, min_delta=delta, cooldown=cooldown,
        min_lr=minimum)
    model = Model(0.125)
    callback.set_model(model)
    callback.on_train_begin()
    rates = []
    for epoch in range(EPOCHS):
        callback.on_epoch_end(epoch, {"figure": values[epoch]})
        rates.append(float(model.optimizer.learning_rate.numpy()))
    return values, settings, rates


def main():
    golden = Golden("make_callbacks.py", f"keras {keras.__version__}", "callbacks on made-up figures")
    for name, course in [("early", early), ("plateau", plateau)]:
        values, settings, results = zip(*(course(case) for case in range(CASES)))
        golden.tensors[f"{name}/values"] = np.array(values, dtype=np.float64)
        golden.tensors[f"{name}/settings"] = np.array(settings, dtype=np.float64)
        golden.tensors[f"{name}/results"] = np.array(results, dtype=np.float64)
    golden.write(os.path.join(sys.argv[1], "callbacks-keras.safetensors"))


if __name__ == "__main__":
    main()
