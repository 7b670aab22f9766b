"""The networks of Martlet's systems in PyTorch and Keras, for predictions: bytes [N, H, W, C] in."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
import tensorflow as tf
import torch
from keras import layers
from torch import nn

SHAPES = {"mnist": (28, 28, 1, 10), "fashion": (28, 28, 1, 10), "cifar10": (32, 32, 3, 10),
          "cifar100-coarse": (32, 32, 3, 20)}
# system: (builder, data set, scale, mean, deviation)
SYSTEMS = {
    "custom-cnn-mnist": ("custom_cnn", "mnist", 1 / 255, 0, 1),
    "custom-cnn-cifar10": ("custom_cnn", "cifar10", 1 / 255, 0, 1),
    "alexnet-mnist": ("alexnet", "mnist", 1 / 255, 0, 1),
    "alexnet-cifar10": ("alexnet", "cifar10", 1 / 255, 0, 1),
    "conv5x5-mnist": ("conv5x5", "mnist", 1, 0, 1),
    "conv5x5-regularized-mnist": ("conv5x5", "mnist", 1, 0, 1),
    "dense-fashion": ("dense", "fashion", 1 / 255, 0, 1),
    "conv-fashion": ("conv", "fashion", 1 / 255, 0, 1),
    "dense-cifar100-coarse": ("dense", "cifar100-coarse", 1 / 255, 0, 1),
    "conv-cifar100-coarse": ("conv", "cifar100-coarse", 1 / 255, 0, 1),
    "convnet-mnist-type": ("convnet", "mnist", 1 / 255, 0, 1),
    "convnet-mnist-functional": ("convnet", "mnist", 1 / 255, 0, 1),
    "convnet-mnist-loop": ("convnet", "mnist", 1 / 255, 0.1307, 0.3081),
    "attention-fashion": ("attention", "fashion", 1 / 255, 0, 1),
}


def prepared(images, system):
    _, _, scale, mean, deviation = SYSTEMS[system]
    return ((images.astype(np.float32) * np.float32(scale) - mean) / deviation).astype(np.float32)


class ChannelAttention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.squeeze, self.excite = nn.Linear(channels, channels // 16), nn.Linear(channels // 16, channels)

    def forward(self, x):
        weights = torch.sigmoid(self.excite(torch.relu(self.squeeze(x.mean((2, 3))))))
        return x * weights[:, :, None, None]


class SpatialAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(2, 1, 7, padding=3)

    def forward(self, x):
        maps = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
        return x * torch.sigmoid(self.convolution(maps))


def norm(channels, kind=nn.BatchNorm2d):
    return kind(channels, eps=1e-3)


def torch_model(system):
    name, data, *_ = SYSTEMS[system]
    height, width, c, classes = SHAPES[data]
    pixels = height * width

    def tail(features):
        return [nn.Flatten(), nn.Linear(features, 16), nn.ReLU(), nn.Linear(16, 8), nn.ReLU(),
                nn.Linear(8, classes), nn.Softmax(1)]

    if name == "dense":
        stack = tail(pixels * c)
    elif name == "conv":
        side = (height - 3) // 2
        stack = [nn.Conv2d(c, 32, 4), nn.ReLU(), nn.MaxPool2d(2), *tail(32 * side * side)]
    elif name == "convnet":
        stack = [nn.Conv2d(c, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                 nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                 nn.Linear(64 * pixels // 16, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, classes)]
    elif name == "conv5x5":
        stack = [nn.Conv2d(c, 32, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 5), nn.ReLU(),
                 nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1024, 128), nn.ReLU(),
                 *([nn.Dropout(0.5)] if "regularized" in system else []), nn.Linear(128, classes)]
    elif name == "custom_cnn":
        stack, before = [], c
        for filters in (32, 64, 128):
            stack += [nn.Conv2d(before, filters, 3, padding=1), norm(filters), nn.LeakyReLU(0.3),
                      nn.MaxPool2d(2), nn.Dropout(0.5)]
            before = filters
        side = height // 2 // 2 // 2
        stack += [nn.Flatten(), nn.Linear(128 * side * side, 128), nn.ReLU(), nn.Dropout(0.5),
                  nn.Linear(128, classes), nn.Softmax(1)]
    elif name == "alexnet":
        stack, before = [], c
        for filters in (96, 256):
            stack += [nn.Conv2d(before, filters, 3, padding=1), nn.LocalResponseNorm(11, 11.0, 0.5, 1.0),
                      nn.ReLU(), nn.MaxPool2d(2)]
            before = filters
        for filters in (384, 384, 256):
            stack += [nn.Conv2d(before, filters, 3, padding=1), nn.ReLU()]
            before = filters
        side = height // 4 - 1
        stack += [nn.MaxPool2d(2, stride=1), nn.Flatten(), nn.Linear(256 * side * side, 512), nn.ReLU(),
                  nn.Dropout(0.5), nn.Linear(512, 512), nn.ReLU(), nn.Dropout(0.5), nn.Linear(512, classes), nn.Softmax(1)]
    else:
        stack, before = [], c
        for filters in (32, 64):
            stack += [nn.Conv2d(before, filters, 3, padding=1), nn.ReLU(), norm(filters),
                      nn.Conv2d(filters, filters, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
            before = filters
        stack += [ChannelAttention(64), SpatialAttention(), nn.Conv2d(64, 128, 3, padding=1), nn.ReLU(),
                  norm(128), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 256), nn.ReLU(),
                  norm(256, nn.BatchNorm1d), nn.Dropout(0.5), nn.Linear(256, classes), nn.Softmax(1)]
    torch.manual_seed(7)
    model = nn.Sequential(*stack).eval()
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(module.weight)  # outputs that differ from image to image
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.2, 0.2)
    return model


def torch_outputs(model, images, system):
    with torch.no_grad():
        return model(torch.tensor(prepared(images, system).transpose(0, 3, 1, 2).copy())).numpy()


@keras.saving.register_keras_serializable("martlet")
class KerasChannelAttention(layers.Layer):
    def build(self, shape):
        self.squeeze = layers.Dense(shape[-1] // 16, activation="relu")
        self.excite = layers.Dense(shape[-1], activation="sigmoid")
        self.squeeze.build((shape[0], shape[-1]))
        self.excite.build((shape[0], shape[-1] // 16))

    def call(self, x):
        return x * self.excite(self.squeeze(keras.ops.mean(x, axis=(1, 2))))[:, None, None, :]


@keras.saving.register_keras_serializable("martlet")
class KerasSpatialAttention(layers.Layer):
    def build(self, shape):
        self.convolution = layers.Conv2D(1, 7, padding="same", activation="sigmoid")
        self.convolution.build((*shape[:-1], 2))

    def call(self, x):
        maps = [keras.ops.mean(x, axis=-1, keepdims=True), keras.ops.max(x, axis=-1, keepdims=True)]
        return x * self.convolution(keras.ops.concatenate(maps, axis=-1))


@keras.saving.register_keras_serializable("martlet")
class LocalResponse(layers.Layer):
    def call(self, x):
        return tf.nn.local_response_normalization(x, depth_radius=5, bias=1.0, alpha=1.0, beta=0.5)


def keras_model(system):
    name, data, scale, mean, deviation = SYSTEMS[system]
    height, width, c, classes = SHAPES[data]
    keras.utils.set_random_seed(7)

    def convolution(filters, size=3, activation="relu", padding="same"):
        return layers.Conv2D(filters, size, padding=padding, activation=activation)

    tail = [layers.Flatten(), layers.Dense(16, activation="relu"), layers.Dense(8, activation="relu"),
            layers.Dense(classes, activation="softmax")]
    if name == "dense":
        stack = tail
    elif name == "conv":
        stack = [convolution(32, 4, padding="valid"), layers.MaxPooling2D(2), *tail]
    elif name == "convnet":
        stack = [convolution(32), layers.MaxPooling2D(2), convolution(64), layers.MaxPooling2D(2),
                 layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dropout(0.5),
                 layers.Dense(classes)]
    elif name == "conv5x5":
        stack = [convolution(32, 5, padding="valid"), layers.MaxPooling2D(2),
                 convolution(64, 5, padding="valid"), layers.MaxPooling2D(2), layers.Flatten(),
                 layers.Dense(128, activation="relu"), layers.Dense(classes)]
    elif name == "custom_cnn":
        stack = []
        for filters in (32, 64, 128):
            stack += [convolution(filters, activation=None), layers.BatchNormalization(),
                      layers.LeakyReLU(negative_slope=0.3), layers.MaxPooling2D(2), layers.Dropout(0.5)]
        stack += [layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dropout(0.5),
                  layers.Dense(classes, activation="softmax")]
    elif name == "alexnet":
        stack = []
        for filters in (96, 256):
            stack += [convolution(filters, activation=None), LocalResponse(), layers.ReLU(),
                      layers.MaxPooling2D(2)]
        stack += [convolution(384), convolution(384), convolution(256), layers.MaxPooling2D(2, strides=1),
                  layers.Flatten(), layers.Dense(512, activation="relu"), layers.Dropout(0.5),
                  layers.Dense(512, activation="relu"), layers.Dropout(0.5),
                  layers.Dense(classes, activation="softmax")]
    else:
        stack = []
        for filters in (32, 64):
            stack += [convolution(filters), layers.BatchNormalization(), convolution(filters),
                      layers.MaxPooling2D(2)]
        stack += [KerasChannelAttention(), KerasSpatialAttention(), convolution(128),
                  layers.BatchNormalization(), layers.Dropout(0.25), layers.GlobalAveragePooling2D(),
                  layers.Dense(256, activation="relu"), layers.BatchNormalization(), layers.Dropout(0.5),
                  layers.Dense(classes, activation="softmax")]
    model = keras.Sequential([keras.Input((height, width, c)), *stack])
    for weight in model.trainable_weights:
        if len(weight.shape) > 1:
            weight.assign(1.7 * weight)  # outputs that differ from image to image
    random = np.random.default_rng(7)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([random.uniform(low, high, w.shape).astype(np.float32) for w, (low, high) in zip(
                layer.get_weights(), [(0.5, 1.5), (-0.2, 0.2), (-0.2, 0.2), (0.5, 1.5)])])
    return model


def keras_outputs(model, images, system):
    return np.asarray(model(prepared(images, system), training=False))
