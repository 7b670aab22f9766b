"""Goldens of single layers: python make_layers.py FOLDER

For each layer its output, and the gradients of sum(weights * output) for the images and every parameter;
for each regularizer and constraint the loss and the parameters after one step of descent. Images, weights
and parameters are functions of (name, index); parameters have Martlet's paths and layouts.
"""

import os
import platform
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
import tensorflow as tf
import torch
from keras import constraints, layers, regularizers
from torch.nn import functional

from common import Golden, uniform

keras.backend.set_floatx("float64")
keras.config.set_dtype_policy("float64")
# A Python number given to Keras's operations is rounded to float32 before it is cast.
number = np.float64


def start(case, path, shape):
    values = uniform(f"{case}/{path}", shape, 0.25 if path.endswith("gamma") else 0.5)
    return values + 1 if path.endswith("gamma") else values


def store(golden, case, output, gradients):
    golden.tensors[f"{case}/output"] = np.asarray(output, dtype=np.float64)
    for path, gradient in gradients.items():
        assert gradient.dtype == np.float64
        golden.tensors[f"{case}/gradient/{path}"] = gradient


def keras_case(golden, case, shape, make):
    """A function of Keras tensors; its variables are named layer/variable."""
    inputs = keras.Input(shape[1:])
    model = keras.Model(inputs, make(inputs))
    names = []
    for variable in model.trainable_variables:
        path = "/".join(variable.path.split("/")[-2:])
        names.append(path)
        variable.assign(start(case, path, tuple(variable.shape)))
    images = tf.constant(uniform(f"{case}/images", shape, 1))
    with tf.GradientTape() as tape:
        tape.watch(images)
        output = model(images, training=True)
        total = tf.reduce_sum(output * uniform(f"{case}/weights", tuple(output.shape), 1))
    found = tape.gradient(total, [images, *model.trainable_variables])
    store(golden, case, output.numpy(), {n: g.numpy() for n, g in zip(["images", *names], found)})


def torch_case(golden, case, shape, parameters, function):
    """A function of images N H W C and of parameters in Martlet's layout, to N H W C."""
    images = torch.tensor(uniform(f"{case}/images", shape, 1), requires_grad=True)
    values = {p: torch.tensor(start(case, p, s), requires_grad=True) for p, s in parameters.items()}
    output = function(images, *values.values())
    (output * torch.tensor(uniform(f"{case}/weights", tuple(output.shape), 1))).sum().backward()
    gradients = {path: value.grad.numpy() for path, value in values.items()}
    store(golden, case, output.detach().numpy(), {"images": images.grad.numpy(), **gradients})


def first(x):
    return x.permute(0, 3, 1, 2)


def last(x):
    return x.permute(0, 2, 3, 1)


def make_keras(golden):
    def case(name, shape, layer):
        keras_case(golden, name, shape, layer)

    case("depthwise", (2, 5, 4, 3), layers.DepthwiseConv2D(
        (2, 3), depth_multiplier=2, activation="tanh", name="depthwise_conv2d"))
    case("depthwise strides", (2, 6, 5, 3), layers.DepthwiseConv2D(
        3, strides=2, padding="same", name="depthwise_conv2d"))
    case("separable", (2, 5, 6, 3), layers.SeparableConv2D(
        4, (3, 2), strides=2, padding="same", depth_multiplier=2, name="separable_conv2d"))
    case("strides same", (2, 5, 6, 2), layers.Conv2D(
        3, (3, 2), strides=2, padding="same", name="conv2d"))
    case("dilation same", (2, 5, 6, 2), layers.Conv2D(
        3, 3, dilation_rate=2, padding="same", activation="sigmoid", name="conv2d"))
    case("maximum same", (2, 5, 6, 2), layers.MaxPooling2D(3, strides=2, padding="same"))
    case("average same", (2, 5, 6, 2), layers.AveragePooling2D(3, strides=2, padding="same"))
    case("maximum of all", (2, 3, 4, 3), layers.GlobalMaxPooling2D())
    for name, shape, options in [
        ("transpose same", (2, 3, 4, 2), {"kernel_size": 3, "strides": 2, "padding": "same"}),
        ("transpose valid", (2, 3, 2, 3), {"kernel_size": (4, 3), "strides": (2, 1)}),
        ("transpose wide", (2, 2, 3, 2), {"kernel_size": (2, 1), "strides": 3}),
        ("transpose added", (2, 3, 2, 2), {"kernel_size": 3, "strides": 3, "output_padding": 2}),
        ("transpose same added", (2, 2, 3, 2), {
            "kernel_size": 3, "strides": 3, "padding": "same", "output_padding": 1}),
        ("transpose same even", (2, 3, 2, 2), {
            "kernel_size": 4, "strides": 2, "padding": "same", "output_padding": 1}),
    ]:
        case(name, shape, layers.Conv2DTranspose(3, name="conv2d_transpose", **options))
    case("group", (2, 3, 2, 6), layers.GroupNormalization(
        3, epsilon=number(1e-3), name="group_normalization"))
    case("instance", (2, 3, 2, 3), layers.GroupNormalization(
        -1, epsilon=number(1e-3), name="group_normalization"))
    case("layer", (2, 2, 3, 5), layers.LayerNormalization(
        epsilon=number(1e-3), name="layer_normalization"))
    case("layer of two axes", (2, 2, 3, 5), layers.LayerNormalization(
        axis=[1, 2], epsilon=number(1e-3), name="layer_normalization"))
    case("prelu", (2, 2, 3, 4), layers.PReLU(name="p_re_lu"))
    case("prelu shared", (2, 2, 3, 4), layers.PReLU(shared_axes=[1, 2], name="p_re_lu"))
    case("elu", (2, 7), layers.ELU(number(0.7)))
    case("silu", (2, 7), layers.Activation("silu"))
    case("softplus", (2, 7), layers.Activation("softplus"))
    case("sigmoid", (2, 7), layers.Activation("sigmoid"))
    case("tanh", (2, 7), layers.Activation("tanh"))
    case("softmax", (2, 7), layers.Softmax())
    case("named function", (2, 7), layers.Activation("silu"))
    case("reshape", (2, 2, 3, 2), layers.Reshape((4, -1)))
    case("joining", (2, 3, 2, 2), lambda x: layers.Concatenate()([layers.Add()([x, x * x, x]), x]))
    case("padding", (2, 3, 2, 2), layers.ZeroPadding2D(((1, 2), (0, 3))))
    case("cropping", (2, 4, 5, 2), layers.Cropping2D(((1, 0), (2, 1))))
    case("nearest", (2, 3, 2, 2), layers.UpSampling2D((2, 3)))
    case("merging", (2, 3, 2, 2), lambda x: layers.Subtract()([
        layers.Maximum()([x, x * x]),
        layers.Average()([layers.Minimum()([x, -x]), x * x, layers.Multiply()([x, x, x])])]))


def make_torch(golden):
    def case(name, shape, parameters, function):
        torch_case(golden, name, shape, parameters, function)

    # PyTorch's kernel is [out, in, height, width].
    case("groups", (2, 5, 4, 4), {"conv2d/kernel": (3, 2, 2, 6), "conv2d/bias": (6,)},
        lambda x, kernel, bias: last(functional.conv2d(
            first(x), kernel.permute(3, 2, 0, 1), bias, stride=(2, 1), padding=1, groups=2)))
    case("dilation", (2, 6, 7, 2), {"conv2d/kernel": (2, 3, 2, 3), "conv2d/bias": (3,)},
        lambda x, kernel, bias: last(functional.conv2d(
            first(x), kernel.permute(3, 2, 0, 1), bias, padding=1, dilation=(2, 3))))
    case("maximum of PyTorch", (2, 5, 6, 2), {}, lambda x: last(functional.max_pool2d(first(x), 3, 2, 1)))
    case("average of PyTorch", (2, 5, 6, 2), {}, lambda x: last(functional.avg_pool2d(first(x), 3, 2, 1)))
    case("average without padding", (2, 5, 6, 2), {}, lambda x: last(
        functional.avg_pool2d(first(x), 3, 2, 1, count_include_pad=False)))
    # That of a transposed convolution is [in, out, height, width].
    case("transpose explicit", (2, 3, 4, 2),
        {"conv2d_transpose/kernel": (3, 2, 3, 2), "conv2d_transpose/bias": (3,)},
        lambda x, kernel, bias: last(functional.conv_transpose2d(
            first(x), kernel.permute(3, 2, 0, 1), bias, stride=2, padding=1, output_padding=1,
            dilation=2)))
    scale = {"gamma": (6,), "beta": (6,)}
    case("group of PyTorch", (2, 3, 2, 6), {f"group_normalization/{n}": s for n, s in scale.items()},
        lambda x, gamma, beta: last(functional.group_norm(first(x), 2, gamma, beta)))
    scale = {"gamma": (2, 3, 4), "beta": (2, 3, 4)}
    case("layer of PyTorch", (2, 2, 3, 4), {f"layer_normalization/{n}": s for n, s in scale.items()},
        lambda x, gamma, beta: functional.layer_norm(x, (2, 3, 4), gamma, beta))
    case("prelu of PyTorch", (2, 2, 3, 4), {"p_re_lu/alpha": (1, 1, 1)},
        lambda x, alpha: functional.prelu(x, alpha.reshape(1)))
    case("gelu", (2, 7), {}, functional.gelu)
    case("gelu approximate", (2, 7), {}, lambda x: functional.gelu(x, approximate="tanh"))
    case("response of 4 channels", (2, 2, 2, 7), {},
        lambda x: last(functional.local_response_norm(first(x), 4, alpha=0.5, beta=0.75, k=2)))
    case("response of 2 channels", (2, 2, 2, 5), {},
        lambda x: last(functional.local_response_norm(first(x), 2, alpha=0.5, beta=0.5, k=1)))
    case("bilinear", (2, 3, 4, 2), {}, bilinear)
    names = ["conv2d/kernel", "batch_normalization/gamma", "batch_normalization/beta",
        "conv2d_1/kernel", "batch_normalization_1/gamma", "batch_normalization_1/beta",
        "conv2d_2/kernel", "batch_normalization_2/gamma", "batch_normalization_2/beta"]
    shapes = [(3, 3, 2, 3), (3,), (3,), (3, 3, 3, 3), (3,), (3,), (1, 1, 2, 3), (3,), (3,)]
    case("residual", (2, 4, 5, 2), {f"residual_block/{n}": s for n, s in zip(names, shapes)}, residual)
    case("residual identity", (2, 3, 4, 3),
        {f"residual_block/{n}": s for n, s in zip(names[:6], [(3, 3, 3, 3), *shapes[1:6]])}, identity)


def bilinear(x):
    result = last(functional.interpolate(
        first(x), scale_factor=(3, 2), mode="bilinear", align_corners=False))
    # Keras computes in float32 whatever it is given, but the same.
    peer = layers.UpSampling2D((3, 2), interpolation="bilinear")(x.detach().numpy())
    assert np.abs(peer.numpy() - result.detach().numpy()).max() < 1e-6
    return result


def normalized(x, kernel, gamma, beta, stride=1):
    x = functional.conv2d(x, kernel.permute(3, 2, 0, 1), stride=stride, padding=kernel.shape[0] // 2)
    return functional.batch_norm(x, None, None, gamma, beta, training=True)


def residual(x, *p):
    y = normalized(torch.relu(normalized(first(x), *p[:3], stride=2)), *p[3:6])
    return last(torch.relu(y + normalized(first(x), *p[6:], stride=2)))


def identity(x, *p):
    y = normalized(torch.relu(normalized(first(x), *p[:3])), *p[3:6])
    return last(torch.relu(y + first(x)))


def make_steps(golden):
    """One step of SGD at rate 1/8 with what Keras does to kernel and bias."""
    dense, conv = (4, 3), (2, 3, 3, 2)
    for case, shape, options in [
        ("max norm", dense, {"kernel_constraint": constraints.MaxNorm(0.5),
            "bias_constraint": constraints.MaxNorm(0.25)}),
        ("max norm of filters", conv, {"kernel_constraint": constraints.MaxNorm(0.5, axis=[0, 1, 2])}),
        ("not negative", dense, {"kernel_constraint": constraints.NonNeg(),
            "bias_constraint": constraints.NonNeg()}),
        ("unit norm", dense, {"kernel_constraint": constraints.UnitNorm()}),
        ("min max norm", dense, {"kernel_constraint": constraints.MinMaxNorm(0.5, 0.75, 0.25)}),
        ("min max norm of rows", conv, {"kernel_constraint": constraints.MinMaxNorm(0.75, 1, 1, axis=-1)}),
        ("l1", dense, {"kernel_regularizer": regularizers.L1(0.125)}),
        ("l2", conv, {"kernel_regularizer": regularizers.L2(0.125),
            "bias_regularizer": regularizers.L2(0.25)}),
        ("l1 and l2", dense, {"kernel_regularizer": regularizers.L1L2(0.125, 0.25),
            "bias_regularizer": regularizers.L1(0.5), "kernel_constraint": constraints.UnitNorm()}),
    ]:
        if shape == dense:
            layer = layers.Dense(2, name="dense", **options)
        else:
            layer = layers.Conv2D(2, 2, name="conv2d", **options)
        layer.build(shape if shape == dense else (None, *shape[1:]))
        for variable in layer.trainable_variables:
            variable.assign(start(case, f"{layer.name}/{variable.name}", tuple(variable.shape)))
        images = tf.constant(uniform(f"{case}/images", shape, 1))
        optimizer = keras.optimizers.SGD(0.125)
        with tf.GradientTape() as tape:
            output = layer(images)
            loss = tf.reduce_sum(output * uniform(f"{case}/weights", tuple(output.shape), 1))
            loss += sum(layer.losses)
        optimizer.apply(tape.gradient(loss, layer.trainable_variables), layer.trainable_variables)
        golden.tensors[f"step {case}/loss"] = np.array([float(loss)])
        for variable in layer.trainable_variables:
            golden.tensors[f"step {case}/{layer.name}/{variable.name}"] = variable.numpy()


golden = Golden(
    "make_layers.py",
    f"Python {platform.python_version()}, Keras {keras.__version__}, TensorFlow {tf.__version__}, "
    f"PyTorch {torch.__version__}, NumPy {np.__version__}",
    "outputs and gradients of layers, one step with regularizers and constraints")
make_keras(golden)
make_torch(golden)
make_steps(golden)
golden.write(f"{sys.argv[1]}/layers.safetensors")
