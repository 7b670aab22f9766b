"""Trains a system with Keras on TensorFlow, on the CPU."""

import json
import math
import os
import shutil
import time

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from dead_networks import StopWhenDead


def convnet(_):
    return [
        layers.Conv2D(32, 3, padding="same", activation="relu"), layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, padding="same", activation="relu"), layers.MaxPooling2D(2),
        layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dropout(0.5), layers.Dense(10),
    ]


def dense(_):
    return [
        layers.Flatten(), layers.Dense(16, activation="relu"), layers.Dense(8, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]


def conv(shape):
    return [layers.Conv2D(32, 4, activation="relu"), layers.MaxPooling2D(2), *dense(shape)]


def custom_cnn(_):
    blocks = []
    for filters in (32, 64, 128):
        blocks += [
            layers.Conv2D(filters, 3, padding="same"), layers.BatchNormalization(),
            layers.LeakyReLU(negative_slope=0.3), layers.MaxPooling2D(2), layers.Dropout(0.5),
        ]
    return [
        *blocks, layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dropout(0.5),
        layers.Dense(10, activation="softmax"),
    ]


def alexnet(_):
    stack = []
    for filters in (96, 256):
        stack += [
            layers.Conv2D(filters, 3, padding="same"),
            layers.Lambda(lambda x: tf.nn.local_response_normalization(
                x, depth_radius=5, bias=1.0, alpha=1.0, beta=0.5)),
            layers.ReLU(), layers.MaxPooling2D(2),
        ]
    for filters in (384, 384, 256):
        stack.append(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    stack += [layers.MaxPooling2D(2, strides=1), layers.Flatten()]
    for _ in range(2):
        stack += [layers.Dense(512, activation="relu"), layers.Dropout(0.5)]
    return [*stack, layers.Dense(10, activation="softmax")]


class ChannelAttention(layers.Layer):
    def build(self, shape):
        self.squeeze = layers.Dense(shape[-1] // 16, activation="relu")
        self.excite = layers.Dense(shape[-1], activation="sigmoid")
        self.squeeze.build((shape[0], shape[-1]))
        self.excite.build((shape[0], shape[-1] // 16))

    def call(self, x):
        weights = self.excite(self.squeeze(keras.ops.mean(x, axis=(1, 2))))
        return x * weights[:, None, None, :]


class SpatialAttention(layers.Layer):
    def build(self, shape):
        self.convolution = layers.Conv2D(
            1, 7, padding="same", activation="sigmoid", kernel_initializer="he_normal")
        self.convolution.build((*shape[:-1], 2))

    def call(self, x):
        maps = [keras.ops.mean(x, axis=-1, keepdims=True), keras.ops.max(x, axis=-1, keepdims=True)]
        return x * self.convolution(keras.ops.concatenate(maps, axis=-1))


def attention(_):
    def convolution(filters):
        return layers.Conv2D(filters, 3, padding="same", activation="relu")

    trunk = []
    for filters in (32, 64):
        trunk += [
            convolution(filters), layers.BatchNormalization(), convolution(filters), layers.MaxPooling2D(2)]
    return [
        *trunk, ChannelAttention(), SpatialAttention(),
        convolution(128), layers.BatchNormalization(), layers.Dropout(0.25), layers.GlobalAveragePooling2D(),
        layers.Dense(256, activation="relu"), layers.BatchNormalization(), layers.Dropout(0.5),
        layers.Dense(10, activation="softmax"),
    ]


MODELS = {
    model.__name__: model for model in (convnet, dense, conv, custom_cnn, alexnet, attention)
}


class EpochSeconds(keras.callbacks.Callback):
    """The time of the training steps alone, without validation."""

    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self.end = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(self.end - self.start)


class Backup:
    """What a training that was interrupted goes on from: weights, optimizer and history after each epoch.

    Keras's own BackupAndRestore forgets the history, and early stopping its best weights: a system that
    stops early is therefore begun again.
    """

    def __init__(self, folder):
        self.folder = folder
        self.weights = os.path.join(folder, "weights")
        self.record = os.path.join(folder, "history.json")
        self.history = []

    def restore(self, model):
        if os.path.exists(self.record):
            with open(self.record) as file:
                self.history = json.load(file)
            epoch = len(self.history)
            model.optimizer.build(model.trainable_variables)
            model.load_weights(f"{self.weights}-{epoch}.weights.h5")
            print(f"goes on after epoch {epoch}", flush=True)
        return len(self.history)

    def save(self, model, entry):
        self.history.append(entry)
        os.makedirs(self.folder, exist_ok=True)
        epoch = len(self.history)
        model.save_weights(f"{self.weights}-{epoch}.weights.h5")
        with open(self.record + ".part", "w") as file:
            json.dump(self.history, file)
        os.replace(self.record + ".part", self.record)
        if epoch > 1:
            os.remove(f"{self.weights}-{epoch - 1}.weights.h5")

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class BackupEpochs(keras.callbacks.Callback):
    def __init__(self, backup, clock):
        super().__init__()
        self.backup, self.clock = backup, clock

    def on_epoch_end(self, epoch, logs=None):
        self.backup.save(self.model, history_entry(epoch, logs, self.clock.seconds[-1]))


def history_entry(epoch, logs, seconds):
    return {"epoch": epoch + 1, **{name: float(logs[name]) for name in sorted(logs)}, "seconds": seconds}


def train(system, parts, seed, threads, epochs, backup_folder):
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    keras.utils.set_random_seed(seed)
    training, validation, test = parts
    prepared = {
        name: prepare(part, system) for name, part in
        (("training", training), ("validation", validation), ("test", test)) if part}
    shape = training.images.shape[1:]
    model = keras.Sequential([keras.Input(shape), *MODELS[system.model](shape)])
    from_logits = system.model == "convnet"
    loss = (
        keras.losses.CategoricalCrossentropy(from_logits=from_logits) if system.one_hot
        else keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits))
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss, metrics=["accuracy"])

    backup = Backup(backup_folder)
    clock = EpochSeconds()
    dead = StopWhenDead(prepared["training"][0])
    callbacks = [clock, dead]
    done = 0
    if not system.patience:
        done = backup.restore(model)
        if done:
            # Not the draws of the first epochs over again.
            keras.utils.set_random_seed(seed + 1000 * done)
        callbacks.append(BackupEpochs(backup, clock))
    if system.patience:
        callbacks += [
            keras.callbacks.LearningRateScheduler(
                lambda epoch, _: 1e-3 * 0.5 * (1 + math.cos(math.pi * epoch / 50))),
            keras.callbacks.EarlyStopping(
                monitor="val_loss", patience=system.patience, restore_best_weights=True),
        ]
    if done < epochs:
        fitted = model.fit(
            *prepared["training"], batch_size=system.batch, initial_epoch=done, epochs=epochs,
            validation_data=prepared["validation"], callbacks=callbacks, verbose=2)
        if system.patience:
            backup.history = [
                history_entry(epoch, {name: fitted.history[name][epoch] for name in fitted.history}, seconds)
                for epoch, seconds in zip(fitted.epoch, clock.seconds)]
    history = backup.history
    result = {
        "parameters": model.count_params(),
        "history": history,
        "stop_reason": stop_reason(dead.died, len(history), epochs),
        "versions": {
            "keras": keras.__version__, "tensorflow": tf.__version__, "numpy": np.__version__},
    }
    result["test_loss"], result["test_accuracy"] = model.evaluate(*prepared["test"], batch_size=32, verbose=0)
    if system.evaluates_training:
        # As the notebook does: all images before the split, of which a part was never trained on.
        images, labels = (
            np.concatenate(both) for both in zip(prepared["training"], prepared["validation"]))
        result["train_loss"], result["train_accuracy"] = model.evaluate(
            images, labels, batch_size=32, verbose=0)
    backup.remove()
    return result


def stop_reason(died, made, epochs):
    if died:
        return f"dead after epoch {died}"
    return "early stopping" if made < epochs else "epochs done"


def prepare(part, system):
    """Pixels in [0, 1], the test images' too, and labels in the form that the loss takes."""
    labels = keras.utils.to_categorical(part.labels, 10) if system.one_hot else part.labels
    return part.images.astype(np.float32) / np.float32(255), labels
