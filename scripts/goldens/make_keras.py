"""Goldens of networks with Keras's conventions: python make_keras.py FOLDER [NAME ...]"""

import os
import platform
import sys
from dataclasses import dataclass

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from common import BATCH, CLASSES, STEPS, Golden, batch, glorot, rotated, uniform


@dataclass
class Network:
    """A stack of layers that ends in scores, and how it is trained; layers bear Martlet's names."""

    shape: tuple
    stack: list
    one_hot: bool = False
    size: int = BATCH
    penalty: float = None  # times the sum of squares of all kernels but those of attention


def leaky(x):
    # tf.nn.leaky_relu keeps its slope in float32, whatever the type of x.
    return tf.maximum(x, tf.constant(0.3, dtype=x.dtype) * x)


def local_response(x):
    # tf.nn.local_response_normalization(x, depth_radius=5, bias=1, alpha=1, beta=0.5), which knows no float64.
    squares = tf.pad(x * x, [[0, 0], [0, 0], [0, 0], [5, 5]])
    window = tf.add_n([squares[..., start:start + x.shape[-1]] for start in range(11)])
    return x / tf.sqrt(1 + window)


def suffix(index):
    return f"_{index}" if index else ""


def conv2d(filters, index, size=3, activation="relu"):
    return layers.Conv2D(
        filters, size, padding="same", activation=activation, name="conv2d" + suffix(index))


def batch_normalization(number, index):
    return layers.BatchNormalization(
        momentum=number(0.99), epsilon=number(1e-3), name="batch_normalization" + suffix(index))


def dense_layers(*units):
    """Dense layers, all but the last with ReLU."""
    return [
        layers.Dense(count, activation="relu" if index < len(units) - 1 else None, name="dense" + suffix(index))
        for index, count in enumerate(units)]


def convnet(_):
    return Network((28, 28, 1), [
        conv2d(32, 0), layers.MaxPooling2D(2), conv2d(64, 1), layers.MaxPooling2D(2),
        layers.Flatten(), *dense_layers(128, CLASSES),
    ])


def blocks(number, filters):
    """Blocks of the custom CNN."""
    for index, count in enumerate(filters):
        yield from (
            conv2d(count, index, activation=None), batch_normalization(number, index), layers.Lambda(leaky),
            layers.MaxPooling2D(2))


def batch_norm(number):
    """Two blocks of the custom CNN, narrow, on an odd colour image."""
    return Network(
        (13, 13, 3), [*blocks(number, (8, 16)), layers.Flatten(), *dense_layers(16, CLASSES)], one_hot=True)


def custom_cnn(shape):
    return lambda number: Network(
        shape, [*blocks(number, (32, 64, 128)), layers.Flatten(), *dense_layers(128, CLASSES)],
        one_hot=True, size=4)


def alexnet(_):
    """All widths divided by 4, on a small colour image."""
    stack = []
    for index, filters in enumerate((24, 64)):
        stack += [
            conv2d(filters, index, activation=None), layers.Lambda(local_response), layers.ReLU(),
            layers.MaxPooling2D(2)]
    stack += [conv2d(filters, 2 + index) for index, filters in enumerate((96, 96, 64))]
    return Network(
        (16, 16, 3),
        [*stack, layers.MaxPooling2D(2, strides=1), layers.Flatten(), *dense_layers(128, 128, CLASSES)],
        one_hot=True, size=4)


def dense(_):
    return Network((28, 28, 1), [layers.Flatten(), *dense_layers(16, 8, CLASSES)])


def conv(_):
    return Network((28, 28, 1), [
        layers.Conv2D(32, 4, activation="relu", name="conv2d"), layers.MaxPooling2D(2),
        layers.Flatten(), *dense_layers(16, 8, CLASSES),
    ])


class ChannelAttention(layers.Layer):
    def build(self, shape):
        self.squeeze = layers.Dense(shape[-1] // 16, activation="relu", name="dense")
        self.excite = layers.Dense(shape[-1], activation="sigmoid", name="dense_1")
        self.squeeze.build((shape[0], shape[-1]))
        self.excite.build((shape[0], shape[-1] // 16))

    def call(self, x):
        return x * self.excite(self.squeeze(tf.reduce_mean(x, axis=(1, 2))))[:, None, None, :]


class SpatialAttention(layers.Layer):
    def build(self, shape):
        self.convolution = conv2d(1, 0, size=7, activation="sigmoid")
        self.convolution.build((*shape[:-1], 2))

    def call(self, x):
        maps = [tf.reduce_mean(x, axis=-1, keepdims=True), tf.reduce_max(x, axis=-1, keepdims=True)]
        return x * self.convolution(tf.concat(maps, axis=-1))


def attention(penalty):
    """All widths as they are, on a small image."""
    return lambda number: Network((12, 12, 1), [
        conv2d(32, 0), batch_normalization(number, 0), conv2d(32, 1), layers.MaxPooling2D(2),
        conv2d(64, 2), batch_normalization(number, 1), conv2d(64, 3), layers.MaxPooling2D(2),
        ChannelAttention(name="channel_attention"), SpatialAttention(name="spatial_attention"),
        conv2d(128, 4), batch_normalization(number, 2), layers.GlobalAveragePooling2D(),
        layers.Dense(256, activation="relu", name="dense"), batch_normalization(number, 3),
        layers.Dense(CLASSES, name="dense_1"),
    ], one_hot=True, size=4, penalty=penalty)


def initialize(variable):
    path, shape = name_of(variable), tuple(variable.shape)
    kind = path.split("/")[-1]
    if kind == "kernel":
        area = int(np.prod(shape[:-2]))
        variable.assign(uniform(path, shape, glorot(area * shape[-2], area * shape[-1])))
    elif kind in ("bias", "beta"):
        variable.assign(uniform(path, shape, 0.1))
    elif kind == "gamma":
        variable.assign((1 + uniform(path, shape, 0.25)).astype(np.float32))


def name_of(variable):
    parts = variable.path.split("/")
    return "/".join(parts[-3 if "attention" in variable.path else -2:])


def train(network, floatx, steps, order=0):
    keras.backend.set_floatx(floatx)
    # Keras keeps the policy of the first layer that was ever made.
    keras.config.set_dtype_policy(floatx)
    # A Python number given to Keras's operations is rounded to float32 before it is cast.
    number = np.dtype(floatx).type
    network = network(number)
    model = keras.Sequential([keras.Input(network.shape), *network.stack])
    for variable in model.variables:
        initialize(variable)
    optimizer = keras.optimizers.Adam(1e-3, beta_1=number(0.9), beta_2=number(0.999))
    losses, gradients = [], {}
    for step in range(steps):
        images, labels = rotated(*batch(step, *network.shape, network.size), order)
        # Not a Rescaling layer: it rounds its factor to float32 even in float64.
        x = tf.constant(images.astype(floatx) / np.asarray(255, dtype=floatx))
        with tf.GradientTape() as tape:
            scores = model(x, training=True)
            if network.one_hot:
                targets = tf.one_hot(labels, CLASSES, dtype=floatx)
                loss = keras.losses.CategoricalCrossentropy(from_logits=True)(targets, scores)
            else:
                loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, scores)
            if network.penalty:
                squares = [tf.reduce_sum(tf.square(v.value)) for v in model.trainable_variables
                    if v.path.endswith("kernel") and "attention" not in v.path]
                loss += tf.constant(network.penalty, dtype=floatx) * tf.add_n(squares)
        slopes = tape.gradient(loss, model.trainable_variables)
        losses.append(float(loss))
        if step == 0:
            gradients = {name_of(v): s.numpy() for v, s in zip(model.trainable_variables, slopes)}
        optimizer.apply(slopes, model.trainable_variables)
    return losses, gradients, {name_of(v): v.numpy() for v in model.variables}


def make_golden(name, about, network, kept, orders=BATCH):
    losses, gradients, weights = train(network, "float64", STEPS)
    singles = [train(network, "float32", 1, order)[1] for order in range(orders)]
    versions = (f"Python {platform.python_version()}, Keras {keras.__version__}, "
        f"TensorFlow {tf.__version__}, NumPy {np.__version__}")
    golden = Golden("make_keras.py", versions, f"{about}, Keras's Adam 1e-3, {STEPS} steps", kept)
    golden.losses(losses)
    for path, gradient in gradients.items():
        assert gradient.dtype == np.float64
        golden.gradient(path, gradient, [single[path] for single in singles])
    for path, values in weights.items():
        golden.weight(path, values)
    print([round(loss, 4) for loss in losses])
    golden.write(f"{sys.argv[1]}/{name}.safetensors")


GOLDENS = [
    ("convnet-keras", f"convnet, x/255, labels, batch {BATCH}", convnet, 1000, 1),
    ("batchnorm-keras", f"conv, batch norm, LeakyReLU, pool, twice; one-hot targets, batch {BATCH}",
        batch_norm, 1000, 1),
    ("custom-cnn-mnist", "custom CNN, x/255, one-hot targets, batch 4", custom_cnn((28, 28, 1)), 200),
    ("custom-cnn-cifar10", "custom CNN, x/255, one-hot targets, batch 4", custom_cnn((32, 32, 3)), 200),
    ("alexnet", "AlexNet with all widths divided by 4, 16x16x3, x/255, one-hot targets, batch 4", alexnet, 200),
    ("dense", f"dense network, x/255, labels, batch {BATCH}", dense, 200),
    ("conv", f"small convolutional network, x/255, labels, batch {BATCH}", conv, 200),
    ("attention", "both attentions, 12x12x1, x/255, one-hot targets, batch 4", attention(None), 200),
    ("attention-l2", "both attentions, L2 1e-4, 12x12x1, x/255, one-hot targets, batch 4",
        attention(1e-4), 200),
]
for golden in GOLDENS:
    if golden[0] in sys.argv[2:] or not sys.argv[2:]:
        make_golden(*golden)
