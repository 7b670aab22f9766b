"""Goldens of networks with PyTorch's conventions: python make_pytorch.py FOLDER [NAME ...]

Tensors are stored in Martlet's layout: images N H W C, kernels [height, width, in, out], dense
kernels [in, out] with the input flattened in the order H W C.
"""

import os
import platform
import sys

import numpy as np
import torch
from torch import nn

from common import BATCH, CLASSES, STEPS, Golden, batch, glorot, rotated, uniform

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../Benchmarks/reproduction"))
import philox  # noqa: E402

torch.set_num_threads(2)


class Convnet(nn.Module):
    """Two 3x3 convolutions, two dense layers; written out so that nothing is hidden."""

    def __init__(self, kernel, padding, flat, dropout=0):
        super().__init__()
        self.dropout, self.step, self.order = dropout, 0, 0
        self.conv2d = nn.Conv2d(1, 32, kernel, padding=padding)
        self.conv2d_1 = nn.Conv2d(32, 64, kernel, padding=padding)
        self.dense = nn.Linear(flat, 128)
        self.dense_1 = nn.Linear(128, CLASSES)

    def forward(self, x):
        x = torch.max_pool2d(torch.relu(self.conv2d(x)), 2)
        x = torch.max_pool2d(torch.relu(self.conv2d_1(x)), 2)
        # Martlet flattens H W C.
        x = x.permute(0, 2, 3, 1).flatten(1)
        x = torch.relu(self.dense(x))
        if self.dropout:
            self.step += 1
            mask = philox.keep_mask(x.shape, self.dropout, "dropout", self.step)
            x = x * torch.tensor(rotated(mask, mask, self.order)[0].copy(), dtype=x.dtype)
        return self.dense_1(x)


def to_martlet(array):
    """[out, in, height, width] -> [height, width, in, out]; [out, in] -> [in, out]."""
    array = array.detach().numpy()
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T


def initialize(model, dtype):
    with torch.no_grad():
        for name, layer in model.named_children():
            shape = to_martlet(layer.weight).shape
            area = int(np.prod(shape[:-2]))
            kernel = uniform(f"{name}/kernel", shape, glorot(area * shape[-2], area * shape[-1]))
            order = (3, 2, 0, 1) if len(shape) == 4 else (1, 0)
            layer.weight.copy_(torch.tensor(kernel.transpose(order).copy(), dtype=dtype))
            layer.bias.copy_(torch.tensor(uniform(f"{name}/bias", shape[-1:], 0.1), dtype=dtype))


def norms(model):
    """0.001 times the L1 and the L2 norms (not squares) of all tensors, biases included."""
    return sum(0.001 * p.abs().sum() + 0.001 * torch.linalg.vector_norm(p) for p in model.parameters())


def train(make, prepare, one_hot, dtype, steps, size, penalty, order=0):
    model = make().to(dtype)
    model.order = order
    initialize(model, dtype)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    losses, gradients = [], {}
    for step in range(steps):
        images, labels = rotated(*batch(step, 28, 28, 1, size), order)
        x = prepare(torch.tensor(images.transpose(0, 3, 1, 2).copy()).to(dtype))
        y = torch.tensor(labels)
        if one_hot:
            y = nn.functional.one_hot(y, CLASSES).to(dtype)
        loss = nn.functional.cross_entropy(model(x), y)
        if penalty:
            loss = loss + penalty(model)
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        if step == 0:
            gradients = {path: to_martlet(p.grad).copy() for path, p in parameters(model)}
        optimizer.step()
    return losses, gradients, {path: to_martlet(p) for path, p in parameters(model)}


def parameters(model):
    for name, layer in model.named_children():
        yield f"{name}/kernel", layer.weight
        yield f"{name}/bias", layer.bias


def make_golden(name, about, make, prepare, one_hot, kept=1000, size=BATCH, penalty=None, orders=1):
    losses, gradients, weights = train(make, prepare, one_hot, torch.float64, STEPS, size, penalty)
    singles = [
        train(make, prepare, one_hot, torch.float32, 1, size, penalty, order)[1] for order in range(orders)]
    versions = f"Python {platform.python_version()}, PyTorch {torch.__version__}, NumPy {np.__version__}"
    about = f"{about}, PyTorch's Adam 1e-3, {STEPS} steps of {size}"
    golden = Golden("make_pytorch.py", versions, about, kept)
    golden.losses(losses)
    for path, gradient in gradients.items():
        golden.gradient(path, gradient, [single[path] for single in singles])
        golden.weight(path, weights[path])
    print([round(loss, 4) for loss in losses])
    golden.write(f"{sys.argv[1]}/{name}.safetensors")


def conv5x5(dropout=0):
    return Convnet(5, 0, 1024, dropout)


def raw(x):
    return x


GOLDENS = [
    dict(name="conv5x5-pytorch", about="5x5 network, raw pixels, one-hot targets", make=conv5x5, prepare=raw,
        one_hot=True),
    dict(name="convnet-pytorch", about="convnet, (x/255 - 0.1307)/0.3081, labels",
        make=lambda: Convnet(3, 1, 3136), prepare=lambda x: (x / 255 - 0.1307) / 0.3081, one_hot=False),
    dict(name="conv5x5-regularized",
        about="5x5 network, raw pixels, one-hot targets, 0.001 times the L1 and L2 norms of all tensors",
        make=conv5x5, prepare=raw, one_hot=True, kept=200, size=4, penalty=norms,
        orders=BATCH),
    dict(name="conv5x5-dropout",
        about="5x5 network with the same penalties, dropout of 0.5 with the masks that Martlet draws with seed 0",
        make=lambda: conv5x5(0.5), prepare=raw, one_hot=True, kept=200, size=4, penalty=norms, orders=BATCH),
]
for golden in GOLDENS:
    if golden["name"] in sys.argv[2:] or not sys.argv[2:]:
        make_golden(**golden)
