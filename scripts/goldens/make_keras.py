"""Goldens of two networks with Keras's conventions: python make_keras.py FOLDER"""

import os
import platform
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from common import BATCH, CLASSES, STEPS, Golden, batch, glorot, uniform


def leaky(x):
    # tf.nn.leaky_relu keeps its slope in float32, whatever the type of x.
    return tf.maximum(x, tf.constant(0.3, dtype=x.dtype) * x)


def convnet(_):
    return (28, 28, 1), False, [
        layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d"),
        layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_1"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(128, activation="relu", name="dense"),
        layers.Dense(CLASSES, name="dense_1"),
    ]


def batch_norm(number):
    """Two blocks of the custom CNN, narrow, on an odd colour image."""
    blocks = []
    for name, filters in (("", 8), ("_1", 16)):
        blocks += [
            layers.Conv2D(filters, 3, padding="same", name="conv2d" + name),
            layers.BatchNormalization(
                momentum=number(0.99), epsilon=number(1e-3), name="batch_normalization" + name),
            layers.Lambda(leaky),
            layers.MaxPooling2D(2),
        ]
    return (13, 13, 3), True, [*blocks, layers.Flatten(),
        layers.Dense(16, activation="relu", name="dense"), layers.Dense(CLASSES, name="dense_1")]


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
    return "/".join(variable.path.split("/")[-2:])


def train(network, floatx, steps):
    keras.backend.set_floatx(floatx)
    # Keras keeps the policy of the first layer that was ever made.
    keras.config.set_dtype_policy(floatx)
    # A Python number given to Keras's operations is rounded to float32 before it is cast.
    number = np.dtype(floatx).type
    shape, one_hot, stack = network(number)
    model = keras.Sequential([keras.Input(shape), *stack])
    for variable in model.variables:
        initialize(variable)
    optimizer = keras.optimizers.Adam(1e-3, beta_1=number(0.9), beta_2=number(0.999))
    losses, gradients = [], {}
    for step in range(steps):
        images, labels = batch(step, *shape)
        # Not a Rescaling layer: it rounds its factor to float32 even in float64.
        x = tf.constant(images.astype(floatx) / np.asarray(255, dtype=floatx))
        with tf.GradientTape() as tape:
            scores = model(x, training=True)
            if one_hot:
                targets = tf.one_hot(labels, CLASSES, dtype=floatx)
                loss = keras.losses.CategoricalCrossentropy(from_logits=True)(targets, scores)
            else:
                loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, scores)
        slopes = tape.gradient(loss, model.trainable_variables)
        losses.append(float(loss))
        if step == 0:
            gradients = {name_of(v): s.numpy() for v, s in zip(model.trainable_variables, slopes)}
        optimizer.apply(slopes, model.trainable_variables)
    return losses, gradients, {name_of(v): v.numpy() for v in model.variables}


def make_golden(path, about, network):
    losses, gradients, weights = train(network, "float64", STEPS)
    _, single, _ = train(network, "float32", 1)
    versions = (f"Python {platform.python_version()}, Keras {keras.__version__}, "
        f"TensorFlow {tf.__version__}, NumPy {np.__version__}")
    golden = Golden("make_keras.py", versions, about)
    golden.losses(losses)
    for name, gradient in gradients.items():
        assert gradient.dtype == np.float64
        golden.gradient(name, gradient, single[name])
    for name, values in weights.items():
        golden.weight(name, values)
    print([round(loss, 4) for loss in losses])
    golden.write(path)


folder = sys.argv[1]
make_golden(
    f"{folder}/convnet-keras.safetensors",
    f"convnet, x/255, labels, Keras's Adam 1e-3, {STEPS} steps of {BATCH}", convnet)
make_golden(
    f"{folder}/batchnorm-keras.safetensors",
    f"conv, batch norm, LeakyReLU, pool, twice; one-hot targets, Keras's Adam 1e-3, {STEPS} steps of {BATCH}",
    batch_norm)
