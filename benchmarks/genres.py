"""Genres of artists never heard: the default recipe and the notebooks' networks, beside a support-vector machine.

Five folds of whole artists, several seeds (each with folds of its own). The notebooks' `cnn` and `lstm` see 13 MFCC of
ten segments a track; their answers are counted per segment, by majority vote, and by the mean of probabilities. Each
candidate is set against the support-vector machine on the same clips.

    python benchmarks/genres.py ../shared/data/genres10/tracks.csv --group-column artist -o runs/genres10

Give the same command again to go on with what was cut off.
"""

import argparse

from comparison import add_options, compared, config_of, cross_validate_all, show

from earmark._util.allocator import keep_freed_memory

NOTEBOOK = {"front_end": {"name": "mfcc"}, "segments": {"count": 10}}
BASELINE = "svm"
CANDIDATES = {
    "default": {},
    "resnet-mel": {"network": {"name": "resnet-mel"}},
    "cnn-mfcc": {"network": {"name": "cnn"}, **NOTEBOOK},
    "lstm-mfcc": {"network": {"name": "lstm"}, **NOTEBOOK},
    BASELINE: {"network": {"name": "svm"}},
}


def main() -> None:
    """Cross-validate, compare, and print."""
    options = parse_options()
    keep_freed_memory()
    wanted = {name: CANDIDATES[name] for name in CANDIDATES if name in {*options.candidate, BASELINE}}
    seed = options.seeds[0]
    if "default" in wanted and config_of({}, options, seed) == config_of(CANDIDATES["resnet-mel"], options, seed):
        wanted.pop("resnet-mel", None)
    candidates = cross_validate_all(wanted, options, epochs=options.epochs)
    baseline = candidates[-1]
    show(candidates, compared([(one, baseline) for one in candidates[:-1]]), as_json=options.json)


def parse_options() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    parser.add_argument("--candidate", nargs="+", choices=CANDIDATES, default=list(CANDIDATES), metavar="NAME")
    parser.add_argument("--epochs", type=int, help="at most; what each recipe has by default")
    return parser.parse_args()


if __name__ == "__main__":
    main()
