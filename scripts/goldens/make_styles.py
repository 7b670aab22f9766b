"""Goldens of networks written in every way, with PyTorch: python make_styles.py FOLDER

Shared layers and batch normalization, nested models, layers frozen in mid-training, two inputs, two
outputs, gradient accumulation. Parameters are held in Martlet's layout (kernels [height, width, in, out]
and [in, out]), so that a gradient can be stored as it is; Tests/TrainingTests/StyleCase.swift writes the
same networks.
"""

import platform
import sys

import numpy as np
import torch
from torch.nn import functional as F

from common import BATCH, Golden, distance, uniform, words

torch.set_num_threads(2)

STEPS = 6
CLASSES = 3


def initial(path, shape):
    """Kernels in +-0.3, biases in +-0.1, factors of batch normalization around 1."""
    values = uniform(path, shape, 0.3 if len(shape) > 1 else 0.1)
    if path.endswith("gamma"):
        values = (1 + values).astype(np.float32).astype(np.float64)
    return values


def numbers(name, step, *shape):
    return uniform(f"{name} {step}", [BATCH, *shape], 1.0)


def labels(step):
    return ((words(f"labels {step}", BATCH) >> np.uint64(32)) % np.uint64(CLASSES)).astype(np.int64)


class Network:
    """Parameters by path; a network is a function of inputs that asks for them."""

    def __init__(self, dtype):
        self.dtype = dtype
        self.weights = {}
        self.statistics = {}

    def weight(self, path, *shape):
        if path not in self.weights:
            tensor = torch.tensor(initial(path, list(shape)), dtype=self.dtype)
            self.weights[path] = tensor.requires_grad_()
        return self.weights[path]

    def dense(self, name, x, units):
        kernel = self.weight(f"{name}/kernel", x.shape[1], units)
        return x @ kernel + self.weight(f"{name}/bias", units)

    def convolution(self, name, x, filters):
        """3x3, valid, on images N H W C."""
        kernel = self.weight(f"{name}/kernel", 3, 3, x.shape[3], filters)
        y = F.conv2d(x.permute(0, 3, 1, 2), kernel.permute(3, 2, 0, 1))
        return y.permute(0, 2, 3, 1) + self.weight(f"{name}/bias", filters)

    def pool(self, x):
        return F.max_pool2d(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)

    def normalize(self, name, x):
        """PyTorch's batch normalization over features or channels, which moves its statistics."""
        features = x.shape[-1]
        mean, variance = f"{name}/moving_mean", f"{name}/moving_variance"
        if mean not in self.statistics:
            self.statistics[mean] = torch.zeros(features, dtype=self.dtype)
            self.statistics[variance] = torch.ones(features, dtype=self.dtype)
        y = x.reshape(-1, features)
        y = F.batch_norm(
            y, self.statistics[mean], self.statistics[variance],
            self.weight(f"{name}/gamma", features), self.weight(f"{name}/beta", features), training=True)
        return y.reshape(x.shape)


def shared(net, data):
    x = data("x", 6)
    for _ in range(2):
        x = net.normalize("bn", torch.relu(net.dense("fc", x, 6)))
    return F.cross_entropy(net.dense("head", x, CLASSES), data.labels)


def nested(net, data):
    def encoder(x):
        x = net.pool(torch.relu(net.convolution("encoder/conv2d", x, 4)))
        return net.dense("encoder/inner/dense", x.flatten(1), 5)

    x = data("x", 8, 8, 2)
    return F.cross_entropy(net.dense("dense", torch.tanh(encoder(x) + encoder(x * x)), CLASSES), data.labels)


def frozen(net, data):
    x = data("x", 8, 8, 2)
    x = torch.relu(net.normalize("batch_normalization", net.convolution("conv2d", x, 4)))
    return F.cross_entropy(net.dense("dense", net.pool(x).flatten(1), CLASSES), data.labels)


def two_inputs(net, data):
    left = torch.relu(net.convolution("conv2d", data("left", 6, 6, 1), 3)).flatten(1)
    right = torch.tanh(net.dense("dense", data("right", 5), 4))
    x = torch.cat([left, right], 1)
    return F.cross_entropy(net.dense("dense_1", x, CLASSES), data.labels)


def two_outputs(net, data):
    x = torch.relu(net.dense("dense", data("x", 6), 8))
    distance = (net.dense("side", x, 2) - data("places", 2)).square().mean()
    return F.cross_entropy(net.dense("class", x, CLASSES), data.labels) + 0.5 * distance


def accumulation(net, data):
    x = torch.tanh(net.dense("dense", data("x", 6), 8))
    return F.cross_entropy(net.dense("dense_1", x, CLASSES), data.labels)


class Data:
    """The inputs of a step, or of some of its samples; the samples may be turned in a circle."""

    def __init__(self, step, dtype, samples=slice(0, BATCH), turn=0):
        self.step, self.dtype, self.samples, self.turn = step, dtype, samples, turn
        self.labels = torch.tensor(self.part(labels(step)))

    def __call__(self, name, *shape):
        return torch.tensor(self.part(numbers(name, self.step, *shape)), dtype=self.dtype)

    def part(self, values):
        return np.roll(values, self.turn, axis=0)[self.samples]


def parts(count):
    """Samples of each part: sizes differ by at most one, the larger ones first."""
    first = 0
    for part in range(count):
        size = BATCH // count + (part < BATCH % count)
        yield slice(first, first + size), size
        first += size


def train(function, dtype, steps, adam=False, split=1, frozen_at=lambda step: (), turn=0):
    net = Network(dtype)
    function(net, Data(0, dtype))  # declares the parameters
    for path in net.statistics:
        net.statistics[path].fill_(1.0 if path.endswith("variance") else 0.0)
    values = list(net.weights.values())
    if adam:
        optimizer = torch.optim.Adam(values, lr=1e-2)
    else:
        optimizer = torch.optim.SGD(values, lr=0.05, momentum=0.9)
    losses, gradients = [], {}
    for step in range(steps):
        for path, tensor in net.weights.items():
            tensor.requires_grad_(path.split("/")[0] not in frozen_at(step))
        optimizer.zero_grad(set_to_none=True)
        total = 0.0
        for samples, size in parts(split):
            loss = function(net, Data(step, dtype, samples, turn)) * (size / BATCH)
            loss.backward()
            total += loss.item()
        losses.append(total)
        if step == 0:
            gradients = {path: t.grad.numpy().copy() for path, t in net.weights.items() if t.grad is not None}
        optimizer.step()
    final = {path: t.detach().numpy() for path, t in [*net.weights.items(), *net.statistics.items()]}
    return losses, gradients, final


def make(folder, name, about, function, **settings):
    versions = f"PyTorch {torch.__version__}, NumPy {np.__version__}, Python {platform.python_version()}"
    golden = Golden("make_styles.py", versions, f"{about}; {STEPS} steps of {BATCH}")
    losses, gradients, weights = train(function, torch.float64, STEPS, **settings)
    # The order of the samples decides how sums round: of a few elements one order alone may be lucky.
    singles = [train(function, torch.float32, 1, turn=turn, **settings)[1] for turn in range(BATCH)]
    golden.losses(losses)
    for path in gradients:
        worst = max((single[path] for single in singles), key=lambda x: distance(x, gradients[path]))
        golden.gradient(path, gradients[path], worst)
    for path in weights:
        golden.weight(path, weights[path])
    golden.write(f"{folder}/style-{name}.safetensors")


target = sys.argv[1]
make(target, "shared", "a dense layer and a batch normalization applied twice", shared)
make(target, "nested", "an encoder with a model inside it, applied twice", nested)
make(target, "frozen", "convolution and batch normalization frozen at steps 1, 2, 4", frozen,
     frozen_at=lambda step: ("conv2d", "batch_normalization") if step in (1, 2, 4) else ())
make(target, "two-inputs", "images and numbers", two_inputs)
make(target, "two-outputs", "classes and places", two_outputs)
make(target, "accumulation", "gradients of three parts of each batch added up, Adam 1e-2", accumulation,
     adam=True, split=3)
