"""Reading parts where the run folder is, for workers that may be anywhere on a Ray cluster."""

from __future__ import annotations

from collections.abc import Sequence

from harmaug.cluster import ray


def read_here(
    reader: type, arguments: tuple[object, ...], missing: Sequence[int]
) -> ray.data.Dataset:
    """Return the data set of what one `reader` beside the driver makes of each part's number.

    Nothing is read yet; only the driver's machine needs the run folder.
    """
    return ray.data.from_items(
        [{"part": part} for part in missing], override_num_blocks=len(missing)
    ).map_batches(
        reader,
        fn_constructor_args=arguments,
        batch_size=1,
        compute=ray.data.ActorPoolStrategy(size=1),
        num_cpus=0,
        resources={f"node:{ray.util.get_node_ip_address()}": 0.001},
    )
