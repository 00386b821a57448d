"""Genres of amplifiers and machines: disco, hip-hop, metal, pop, reggae, rock (`style` says how patterns are read)."""

from earmark.data.genres.drums import Kit
from earmark.data.genres.style import Harmony, Part, Style

DISCO = Style(
    tempo_bpm=(112, 128),
    harmonies=(
        Harmony(
            mode="minor",
            scale="dorian",
            progressions=("i7 i7 IV7 IV7", "i7 bVII bVImaj7 V7", "i7 iv7 bVII bIIImaj7", "i7 i7 bVII bVII"),
        ),
    ),
    drums=(
        {
            "kick": "X...X...X...X...",
            "clap": "....x.......x...",
            "open hat": "..X...X...X...X.",
            "hat": "x.o.x.o.x.o.x.o.",
        },
        {
            "kick": "X...X...X...X...",
            "snare": "....x.......x..o",
            "open hat": "..X...X...X...X.",
            "shaker": "xoxoxoxoxoxoxoxo",
        },
    ),
    fill="............xxXX",
    kit=Kit(kick_hz=56, kick_s=0.09, click=0.35, snare_s=0.07, wires=0.75, cymbal_s=0.2),
    drums_db=0,
    parts=(
        Part(
            role="bass",
            patterns=("1.8.1.8.1.8.1.8.", "1.8.1.8.1.8.7.8.", "1..81.8.1..85.8."),
            timbres=("finger bass", "synth bass"),
            centre=36,
            gain_db=0,
        ),
        Part(
            role="chords",
            patterns=("x.xx..x.x.xx..x.", "..xo..xo..xo.xxo", "x..x..x.x..x.xx."),
            timbres=("muted guitar", "electric guitar", "electric piano"),
            centre=64,
            gain_db=-3,
        ),
        Part(role="chords", patterns=("x-------", "x---x---"), timbres=("disco strings",), centre=74, gain_db=-6),
        Part(
            role="melody",
            patterns=("..x.x---|x-x-....", "x--xx---|..x-x-x-", "xxxx----|....xx--"),
            timbres=("disco strings", "trumpet", "voice synth"),
            centre=74,
            gain_db=-3,
        ),
    ),
)

HIPHOP = Style(
    tempo_bpm=(78, 98),
    swing=(0.5, 0.58),
    harmonies=(
        Harmony(
            mode="minor",
            scale="minor pentatonic",
            progressions=("i i bVI bVI", "i7 iv7 i7 iv7", "i i i bVII", "i9 i9 bVImaj7 V7"),
        ),
    ),
    drums=(
        {"kick": "X.....x...x.....", "snare": "....X.......X...", "hat": "x.x.x.x.x.x.x.x."},
        {"kick": "X..x......x..x..|X.....x..x......", "clap": "........X.......", "hat": "x.x.xxx.x.x.xoxx"},
        {"kick": "X..x....x.x.....", "snare": "....X..o.o..X...", "hat": "x.xxx.x.x.xxx.oo"},
    ),
    kit=Kit(kick_hz=44, kick_s=0.22, click=0.12, snare_hz=170, snare_s=0.1, wires=0.8, hat_s=0.018),
    drums_db=2,
    parts=(
        Part(
            role="bass",
            patterns=("1-----1---5-....", "1-----......1-3-", "1---------1-7-..|1-----8-........"),
            timbres=("sub bass",),
            centre=33,
            gain_db=2,
        ),
        Part(
            role="chords",
            patterns=("x-------........", "x--x--x-........", "x-----x-----....|..x-x---........"),
            timbres=("electric piano", "piano", "vibraphone"),
            centre=62,
            gain_db=-7,
        ),
        Part(
            role="arpeggio",
            patterns=("1..3..2.........", "4-.3-.1-....2-..", "................|1.2.3.4.3......."),
            timbres=("vibraphone", "synth pluck", "nylon guitar"),
            centre=72,
            gain_db=-9,
        ),
    ),
)

METAL = Style(
    tempo_bpm=(124, 190),
    harmonies=(
        Harmony(
            mode="minor",
            scale="phrygian",
            progressions=("i5 i5 bVI5 bVII5", "i5 bII5 i5 bIII5", "i5 i5 bII5 bVII5", "i5/bVI5 bVII5 i5/bIII5 bII5"),
        ),
    ),
    drums=(
        {
            "kick": "xxxxxxxxxxxxxxxx",
            "snare": "....X.......X...",
            "crash": "x...............|................",
            "hat": "x...x...x...x...",
        },
        {"kick": "x.xxx.xxx.xxx.xx", "snare": "....X.......X...", "crash": "x...x...x...x..."},
        {"kick": "x.x.x.x.x.x.x.x.", "snare": "..X...X...X...X.", "crash": "o...o...o...o..."},
    ),
    fill="........xxXxxxXX",
    kit=Kit(kick_hz=60, kick_s=0.06, click=0.9, snare_hz=210, snare_s=0.1, wires=0.75, cymbal_s=0.3),
    drums_db=0,
    parts=(
        Part(
            role="bass",
            patterns=("1.111.111.111.11", "11111111"),
            timbres=("pick bass",),
            centre=32,
            gain_db=-2,
        ),
        Part(
            role="chords",
            patterns=("x.oox.oox.oox.oo", "x---oooox---oooo", "x-----x-oooox---", "x-ooo.x-ooo.xxx-"),
            timbres=("distorted guitar",),
            centre=44,
            gain_db=1,
        ),
        Part(
            role="melody",
            patterns=("xxxxxxxx|xxxxx---", "x---x-x-|xxxxxxxx", "x-------|xxx-xxx-"),
            timbres=("shred guitar",),
            centre=74,
            gain_db=-5,
        ),
    ),
)

POP = Style(
    tempo_bpm=(96, 126),
    harmonies=(
        Harmony(
            mode="major",
            scale="major",
            progressions=("I V vi IV", "vi IV I V", "I vi IV V", "IV I V vi"),
        ),
    ),
    drums=(
        {"kick": "X...x...X...x...", "clap": "....x.......x...", "hat": "x.x.x.x.x.x.x.x."},
        {"kick": "X.....x.X.x.....", "snare": "....X.......X...", "shaker": "x.xox.xox.xox.xo"},
        {"kick": "X..x..x.X..x..x.", "clap": "....X.......X...", "hat": "..x...x...x...x."},
    ),
    fill="............o.xX",
    kit=Kit(kick_hz=50, kick_s=0.12, click=0.4, snare_s=0.09, wires=0.8),
    drums_db=0,
    parts=(
        Part(
            role="bass",
            patterns=("1-1-1-1-", "1--1--1-", "1-----1-1---5-8-"),
            timbres=("synth bass", "finger bass"),
            centre=36,
            gain_db=-1,
        ),
        Part(role="chords", patterns=("x-------", "x---x---"), timbres=("pad",), centre=60, gain_db=-5),
        Part(
            role="arpeggio",
            patterns=("1.2.3.4.3.2.3.2.", "1..3..2.1..3..4.", "4.3.2.1.4.3.2.3."),
            timbres=("synth pluck", "piano", "electric piano"),
            centre=70,
            gain_db=-4,
        ),
        Part(
            role="melody",
            patterns=("x-x-x---|x-xxx---", "..xxx-x-|x---x-..", "x-xxx-xx|x-------"),
            timbres=("voice synth", "synth lead"),
            centre=72,
            gain_db=0,
        ),
    ),
)

REGGAE = Style(
    tempo_bpm=(66, 90),
    swing=(0.5, 0.6),
    harmonies=(
        Harmony(mode="minor", scale="minor pentatonic", progressions=("i i iv iv", "i bVII i bVII", "i iv i v")),
        Harmony(mode="major", scale="mixolydian", progressions=("I IV I IV", "I ii I ii", "I V IV IV")),
    ),
    drums=(
        {"kick": "....X.......X...", "rim": "....X.......X...", "hat": "x.xox.xox.xox.xo"},
        {"kick": "x...X...x...X...", "rim": "....x.....x.x...", "hat": "x.x.x.x.x.x.x.xx"},
        {"kick": "....X.......X...", "snare": "....o.......x..o", "shaker": "x.xxx.xxx.xxx.xx"},
    ),
    fill="............x.xx",
    kit=Kit(kick_hz=50, kick_s=0.13, click=0.08, snare_hz=260, snare_s=0.06, wires=0.45),
    drums_db=-2,
    parts=(
        Part(
            role="bass",
            patterns=("1-..1-3-5-..3-1-", "..1-1-..5-5-3-..", "1---..5-..8-5-3-|1-----..5-5-1-.."),
            timbres=("dub bass",),
            centre=33,
            gain_db=3,
        ),
        Part(
            role="chords",
            patterns=("..x...x...x...x.", "..xx..x...xx..x."),
            timbres=("muted guitar", "electric guitar", "piano"),
            centre=64,
            gain_db=0,
        ),
        Part(
            role="chords",
            patterns=(".ox..ox..ox..ox.", "..x-..x-..x-..x-"),
            timbres=("organ", "dark organ"),
            centre=60,
            gain_db=-4,
        ),
        Part(
            role="melody",
            patterns=("x-x-....|........", "....x-xx|x---....", "..x-x---|........"),
            timbres=("voice synth", "trumpet", "harmonica"),
            centre=70,
            gain_db=-4,
        ),
    ),
)

ROCK = Style(
    tempo_bpm=(104, 146),
    harmonies=(
        Harmony(
            mode="major",
            scale="minor pentatonic",
            progressions=("I5 bVII5 IV5 I5", "I5 I5 IV5 V5", "I5 IV5 bVII5 IV5"),
        ),
        Harmony(mode="minor", scale="minor pentatonic", progressions=("i5 bVI5 bIII5 bVII5", "i5 bVII5 bVI5 bVII5")),
    ),
    drums=(
        {"kick": "X.....x.x.......", "snare": "....X.......X...", "hat": "x.x.x.x.x.x.x.x."},
        {"kick": "X.......x.x.....", "snare": "....X.......X...", "open hat": "x...x...x...x..."},
        {"kick": "X..x....x..x....", "snare": "....X.......X..o", "ride": "x.x.x.x.x.x.x.x."},
    ),
    fill="........x.xxxxXX",
    kit=Kit(kick_hz=56, kick_s=0.1, click=0.4, snare_hz=190, snare_s=0.13, wires=0.7, cymbal_s=0.28),
    drums_db=0,
    parts=(
        Part(
            role="bass",
            patterns=("11111111", "1-1-1-11", "1--11-5-"),
            timbres=("pick bass", "finger bass"),
            centre=36,
            gain_db=-1,
        ),
        Part(
            role="chords",
            patterns=("x-x-x-xx", "x--x--x-", "x---xxx-", "xoxoxoxo"),
            timbres=("crunch guitar",),
            centre=50,
            gain_db=-1,
        ),
        Part(
            role="melody",
            patterns=("x-x-x---|x-xxx-x-", "x---xx--|x-------", "..xxx-xx|x---...."),
            timbres=("lead guitar", "organ"),
            centre=69,
            gain_db=-2,
        ),
    ),
)
