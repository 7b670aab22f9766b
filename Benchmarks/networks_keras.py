"""The benchmark's networks in Keras, by the names of `systems.py`: lists of layers that put out scores."""

import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "reproduction"))

from keras import layers

import keras_peer


def scores(stack, classes):
    """A stack of the reproduction with scores of these classes at its end."""
    return [*stack[:-1], layers.Dense(classes)]


def conv5x5(shape):
    return [
        layers.Conv2D(32, 5, activation="relu"), layers.MaxPooling2D(2),
        layers.Conv2D(64, 5, activation="relu"), layers.MaxPooling2D(2),
        layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dense(10),
    ]


def vgg_like(shape):
    stack = []
    for filters in (32, 64, 128):
        stack += [layers.Conv2D(filters, 3, padding="same", activation="relu") for _ in range(2)]
        stack.append(layers.MaxPooling2D(2))
    return [
        *stack, layers.Flatten(), layers.Dense(256, activation="relu"), layers.Dropout(0.5), layers.Dense(10)]


def normalized(filters, size=3, strides=1):
    return [
        layers.Conv2D(filters, size, strides=strides, padding="same", use_bias=False),
        layers.BatchNormalization()]


class ResidualBlock(layers.Layer):
    def __init__(self, filters, strides=1):
        super().__init__()
        self.main = [*normalized(filters, 3, strides), layers.ReLU(), *normalized(filters)]
        self.strides, self.filters, self.shortcut = strides, filters, []

    def build(self, shape):
        if self.strides != 1 or shape[-1] != self.filters:
            self.shortcut = normalized(self.filters, 1, self.strides)
        for stack in (self.main, self.shortcut):
            inner = shape
            for layer in stack:
                layer.build(inner)
                inner = layer.compute_output_shape(inner)

    def call(self, x, training=False):
        y, z = x, x
        for layer in self.main:
            y = layer(y, training=training) if isinstance(layer, layers.BatchNormalization) else layer(y)
        for layer in self.shortcut:
            z = layer(z, training=training) if isinstance(layer, layers.BatchNormalization) else layer(z)
        return layers.ReLU()(y + z)


def resnet_like(shape):
    blocks = [(32, 1), (32, 1), (64, 2), (64, 1), (128, 2), (128, 1)]
    return [
        *normalized(32), layers.ReLU(), *[ResidualBlock(*block) for block in blocks],
        layers.GlobalAveragePooling2D(), layers.Dense(10)]


def mobilenet_like(shape):
    stack = [*normalized(32), layers.ReLU()]
    for filters, strides in ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1)):
        stack += [
            layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False),
            layers.BatchNormalization(), layers.ReLU(), *normalized(filters, 1), layers.ReLU()]
    return [*stack, layers.GlobalAveragePooling2D(), layers.Dense(10)]


def odd(shape):
    return [
        layers.Conv2D(20, 5, activation="relu"), layers.Conv2D(37, 3, strides=2, padding="same"),
        layers.BatchNormalization(), layers.LeakyReLU(negative_slope=0.3), layers.MaxPooling2D(3, strides=2),
        layers.Conv2D(24, 1, activation="relu"), layers.Flatten(), layers.Dense(50, activation="relu"),
        layers.Dense(10)]


NETWORKS = {
    **{name.replace("_", "-"): make for name, make in keras_peer.MODELS.items()},
    "conv5x5": conv5x5, "vgg-like": vgg_like, "resnet-like": resnet_like, "mobilenet-like": mobilenet_like,
    "odd": odd,
}


def network(system):
    """The layers of a system."""
    return scores(NETWORKS[system.model](system.shape), system.classes)
