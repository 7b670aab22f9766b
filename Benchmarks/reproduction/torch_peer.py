"""Trains a system with PyTorch, on the CPU."""

import os
import shutil
import time

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

import philox


def conv5x5(dropout=None):
    return nn.Sequential(
        nn.Conv2d(1, 32, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(1024, 128), nn.ReLU(),
        *([nn.Dropout(dropout)] if dropout else []), nn.Linear(128, 10))


def convnet():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(3136, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10))


MODELS = {
    "convnet": convnet, "conv5x5": conv5x5, "conv5x5_regularized": lambda: conv5x5(dropout=0.5),
}
DROPOUT_PATHS = {"convnet": "Dropout", "conv5x5_regularized": "dropout"}  # of the layer in Martlet's network
RUNNING = 100  # steps over which the running loss is a mean


def penalties(model):
    """0.001 times the L1 and the L2 norms (not squares) of all parameter tensors, biases included."""
    return sum(0.001 * p.abs().sum() + 0.001 * torch.linalg.vector_norm(p) for p in model.parameters())


class MartletDropout(nn.Module):
    """Dropout with the masks that Martlet draws for the layer of a path."""

    def __init__(self, rate, path, seed):
        super().__init__()
        self.rate, self.path, self.seed, self.step = rate, path, seed, 0

    def forward(self, x):
        if not self.training:
            return x
        self.step += 1
        return x * torch.tensor(philox.keep_mask(x.shape, self.rate, self.path, self.step, self.seed), dtype=x.dtype)


class Backup:
    """What a training that was interrupted goes on from, exactly: all that changes, after each epoch."""

    def __init__(self, folder, model, optimizer):
        self.folder, self.model, self.optimizer = folder, model, optimizer
        self.path = os.path.join(folder, "state.pt")

    def restore(self):
        """The history so far."""
        if not os.path.exists(self.path):
            return []
        state = torch.load(self.path)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["draws"])
        print(f"goes on after epoch {len(state['history'])}", flush=True)
        return state["history"]

    def save(self, history):
        os.makedirs(self.folder, exist_ok=True)
        torch.save({
            "model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(),
            "draws": torch.get_rng_state(), "history": history,
        }, self.path + ".part")
        os.replace(self.path + ".part", self.path)

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def train(system, parts, seed, threads, epochs, backup_folder, start, same_draws=False):
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    training, _, test = parts
    model = MODELS[system.model]()
    if start:
        model.load_state_dict(load_file(start))
    if same_draws:
        model = nn.Sequential(*(
            MartletDropout(layer.p, DROPOUT_PATHS[system.model], seed) if isinstance(layer, nn.Dropout) else layer
            for layer in model))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    images, labels = prepare(training, system)
    targets = nn.functional.one_hot(labels, 10).float() if system.one_hot else labels
    is_penalized = system.model == "conv5x5_regularized"
    backup = Backup(backup_folder, model, optimizer)
    # Martlet's dropout counts its steps itself: such a run, made to compare single steps, is begun again.
    history = [] if same_draws else backup.restore()
    stop_reason = "epochs done" if system.threshold is None or epochs < system.epochs else "cap"
    for epoch in range(len(history), epochs):
        model.train()
        start = time.perf_counter()
        losses, correct, running, recent = [], 0, [], 0.0
        order = (torch.tensor(philox.permutation(len(images), seed, philox.SHUFFLE, epoch)) if same_draws
            else torch.randperm(len(images)))
        for step, first in enumerate(range(0, len(images), system.batch), 1):
            chosen = order[first:first + system.batch]
            scores = model(images[chosen])
            loss = nn.functional.cross_entropy(scores, targets[chosen])
            if is_penalized:
                loss = loss + penalties(model)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            correct += (scores.argmax(1) == labels[chosen]).sum().item()
            recent += losses[-1]
            if step % RUNNING == 0:
                running.append(recent / RUNNING)
                recent = 0.0
        history.append({
            "epoch": epoch + 1, "loss": float(np.mean(losses)), "accuracy": correct / len(images),
            "last_step_loss": losses[-1], "running_losses": running,
            "seconds": time.perf_counter() - start,
        })
        print(f"epoch {epoch + 1}: loss {history[-1]['loss']:.4f}, last step {losses[-1]:.4f}", flush=True)
        if system.threshold is not None and history[-1]["loss"] <= system.threshold:
            stop_reason = "threshold"
            break
        if not same_draws:
            backup.save(history)
    result = {
        "parameters": sum(p.numel() for p in model.parameters()),
        "history": history,
        "stop_reason": stop_reason,
        "versions": {"torch": torch.__version__, "numpy": np.__version__},
    }
    result["test_loss"], result["test_accuracy"] = evaluate(model, *prepare(test, system))
    if system.evaluates_training:
        result["train_loss"], result["train_accuracy"] = evaluate(model, images, labels)
    if is_penalized:
        # As Martlet's losses do.
        for name in ("test_loss", "train_loss"):
            result[name] += penalties(model).item()
    backup.remove()
    return result


def prepare(part, system):
    """Images [N, C, H, W]: raw pixels for the 5x5 networks, normalized ones for the loop."""
    images = torch.tensor(part.images.transpose(0, 3, 1, 2).astype(np.float32))
    if system.model == "convnet":
        images = (images / 255 - 0.1307) / 0.3081
    return images, torch.tensor(part.labels)


def evaluate(model, images, labels):
    model.eval()
    loss, correct = 0.0, 0
    with torch.no_grad():
        for x, y in zip(images.split(500), labels.split(500)):
            scores = model(x)
            loss += nn.functional.cross_entropy(scores, y, reduction="sum").item()
            correct += (scores.argmax(1) == y).sum().item()
    return loss / len(labels), correct / len(labels)
