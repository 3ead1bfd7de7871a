"""jraph: tell smooth signals from rough ones, by spectral layers on padded batches of graphs."""

import jax
import jax.numpy as jnp
import jraph
import numpy as np
import optax
from flax import nnx

import longnn

NODES, EDGES, GRAPHS = 128, 256, 17  # shapes of a batch with its padding: one program for all


def graph(rng: np.random.Generator, rough: int) -> jraph.GraphsTuple:
    """A ring of 4 to 7 nodes with a noisy signal whose neighbours agree, or differ (rough = 1)."""
    size = int(rng.integers(4, 8))
    low = np.arange(size)
    high = (low + 1) % size  # each edge is stored in both directions
    senders, receivers = np.concatenate([low, high]), np.concatenate([high, low])
    nodes = rng.choice([-1, 1]) * (1 - 2 * rough) ** low + rng.normal(size=size) / 2
    counts = np.array([size]), np.array([2 * size])
    label = np.array([[rough]])
    return jraph.GraphsTuple(np.float32(nodes)[:, None], None, receivers, senders, label, *counts)


def batch(rng: np.random.Generator) -> jraph.GraphsTuple:
    """16 graphs, padded."""
    graphs = jraph.batch_np([graph(rng, rough) for rough in rng.integers(0, 2, GRAPHS - 1)])
    return jraph.pad_with_graphs(graphs, NODES, EDGES, GRAPHS)


class Classifier(nnx.Module):
    """Two layers with an activation between them, and the mean over the nodes of each graph."""

    def __init__(self, rngs: nnx.Rngs) -> None:
        self.first = longnn.layers.ChebConv(1, 16, order=3, rngs=rngs)
        self.second = longnn.layers.LonConv(16, 2, order=3, rngs=rngs)

    def __call__(self, graphs: jraph.GraphsTuple) -> jax.Array:
        """Returns logits [graphs, 2]."""
        edges = graphs.senders, graphs.receivers
        operator = longnn.layers.edge_operator(*edges, num_nodes=NODES)
        h = self.second(operator, jax.nn.relu(self.first(operator, graphs.nodes)))
        owner = jnp.repeat(jnp.arange(GRAPHS), graphs.n_node, total_repeat_length=NODES)
        return jraph.segment_mean(h, owner, GRAPHS)


@nnx.jit
def step(model: Classifier, optimizer: nnx.Optimizer, graphs: jraph.GraphsTuple) -> jax.Array:
    """One step of training on a batch; returns its loss."""
    labels, real = graphs.globals[:, 0], jraph.get_graph_padding_mask(graphs)

    def loss(model: Classifier) -> jax.Array:
        losses = optax.softmax_cross_entropy_with_integer_labels(model(graphs), labels)
        return jnp.sum(losses, where=real) / real.sum()

    value, gradient = nnx.value_and_grad(loss)(model)
    optimizer.update(model, gradient)
    return value


def main(steps: int = 100) -> tuple[float, float]:
    """Trains, prints and returns the loss of the first batch and the mean of the last ten."""
    rng, model = np.random.default_rng(0), Classifier(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.adam(0.01), wrt=nnx.Param)
    losses = [float(step(model, optimizer, batch(rng))) for _ in range(steps)]
    first, last = losses[0], float(np.mean(losses[-10:]))
    print(f"loss {first:.3f} -> {last:.3f}")
    return first, last


if __name__ == "__main__":
    main()
