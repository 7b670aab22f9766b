"""Keras on TensorFlow: modes train_on_batch, fit and predict_on_batch."""

import itertools
import os
import time

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import tensorflow as tf
import peer
from networks_keras import network


class BatchTimes(keras.callbacks.Callback):
    """The time from the end of one batch to the end of the next: the epoch's own set-up is left out."""

    def __init__(self):
        super().__init__()
        self.ends = []

    def on_train_batch_end(self, batch, logs=None):
        self.ends.append(time.perf_counter())

    @property
    def milliseconds(self):
        return [(b - a) * 1e3 for a, b in zip(self.ends, self.ends[1:])]


def main():
    arguments = peer.arguments()
    system = arguments.system
    tf.config.threading.set_intra_op_parallelism_threads(arguments.threads)
    tf.config.threading.set_inter_op_parallelism_threads(arguments.threads)
    keras.utils.set_random_seed(0)

    images, labels = peer.batches(system, arguments.data)
    model = keras.Sequential([keras.layers.Input(system.shape), *network(system)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss, metrics=["accuracy"])
    size = system.batch
    pairs = [
        (tf.constant(images[start:start + size]), tf.constant(labels[start:start + size]))
        for start in range(0, len(images), size)
    ]
    rotation = itertools.cycle(pairs)

    def fit(count):
        times = BatchTimes()
        # Whole passes over the batches in rotation, in Keras's own order; one more step than is timed.
        model.fit(
            images, labels, batch_size=size, epochs=-(-(count + 1) // len(pairs)), verbose=0, shuffle=False,
            callbacks=[times])
        return times.milliseconds[:count]

    run = {
        "train_on_batch": lambda count: peer.timed(lambda: model.train_on_batch(*next(rotation)), count),
        "fit": fit,
        "predict_on_batch": lambda count: peer.timed(lambda: model.predict_on_batch(next(rotation)[0]), count),
    }
    if arguments.mode not in run:
        raise SystemExit(f"peer_keras: unknown mode {arguments.mode}; there are {', '.join(run)}")
    peer.serve({"keras": keras.__version__, "tensorflow": tf.__version__}, run=run[arguments.mode])


main()
