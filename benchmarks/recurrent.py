"""Do several memories that forget on longer and longer time scales beat plain LSTM?

Cross-validates `lstm`, `gru` and `lstm-multiscale` on the same features, segments and folds with several seeds, and
compares them by clip accuracy (paired, over groups) and by the validation loss of the epoch that was kept.

    python benchmarks/recurrent.py ../shared/data/genres10/tracks.csv --group-column artist -o runs/recurrent/genres10
    python benchmarks/recurrent.py ../shared/data/esc10 --hop-s 1 -o runs/recurrent/esc10

Give the same command again to go on with what was cut off.
"""

import argparse
from itertools import combinations

from comparison import add_options, compared, cross_validate_all, losses_compared, show

from earmark._util.allocator import keep_freed_memory

NETWORKS = ("lstm-multiscale", "gru", "lstm")  # a difference is of the earlier over the later


def main() -> None:
    """Cross-validate, compare, and print."""
    options = parse_options()
    keep_freed_memory()
    segments = {"segment_s": options.segment_s, **({"hop_s": options.hop_s} if options.hop_s else {})}
    common = {"front_end": {"name": options.front_end}, "segments": segments}
    candidates = cross_validate_all(
        {name: {**common, "network": {"name": name}} for name in NETWORKS}, options, epochs=options.epochs
    )
    pairs = list(combinations(candidates, 2))
    losses = [losses_compared(first, second) for first, second in pairs]
    show(candidates, compared(pairs), as_json=options.json, losses=losses)
    if options.json:
        return
    print("\n| first | second | validation loss lower by | deviation | trainings where lower |\n|---|---|---|---|---|")
    for loss in losses:
        deviation = "-" if loss["deviation"] is None else f"{loss['deviation']:.3f}"
        share = f"{loss['n_lower']} of {loss['n']}"
        print(f"| {loss['first']} | {loss['second']} | {loss['lower_by']:+.3f} | {deviation} | {share} |")


def parse_options() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    parser.add_argument("--epochs", type=int, default=60, help="at most; the epoch of the lowest loss is kept")
    parser.add_argument("--front-end", default="mfcc")
    parser.add_argument("--segment-s", type=float, default=3.0)
    parser.add_argument("--hop-s", type=float, help="from segment to segment; side by side by default")
    return parser.parse_args()


if __name__ == "__main__":
    main()
