"""A first classifier: built-in sounds, an honest split, scores with intervals, and a prediction.

Runs offline in about half a minute: python examples/first_classifier.py
"""

import tempfile
from pathlib import Path

import earmark

with tempfile.TemporaryDirectory() as folder:
    table = earmark.make_genres(Path(folder) / "genres", n_artists=4, n_tracks=1, duration_s=10.0)
    sounds = earmark.open_dataset(table, group_column="artist")
    print(sounds)

    train, test = earmark.train_test_split(sounds, seed=0)  # whole artists only
    print("to learn from:", train)
    print("to be scored on:", test)

    classifier = earmark.SoundClassifier(front_end="mfcc", network="cnn", segments=5, seed=0).fit(train)
    scorecard = classifier.evaluate(test)
    print(scorecard)
    print(scorecard.sentence())

    prediction = classifier.predict_file(test[0].path)
    print(f"{test[0].name}: {prediction.label} with probability {prediction.probability:.2f}; it is {test[0].label}")
