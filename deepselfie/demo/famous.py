"""Forty famous people who never were: name, a sentence, and what their one selfie looks like."""

from __future__ import annotations

from dataclasses import dataclass, field

from deepselfie.demo import ids


@dataclass(frozen=True)
class Character:
    name: str
    story: str
    look: dict = field(default_factory=dict)  # overrides for render.render


def character(seed: int, index: int) -> Character | None:
    """The famous character behind a demo selfie; None for everybody else."""
    return CHARACTERS[index] if seed == ids.FAMOUS and index < len(CHARACTERS) else None


def overrides(seed: int, index: int) -> dict | None:
    """What to change of the sampled picture (see render.render); None for everybody else."""
    found = character(seed, index)
    return {"group": 1, "shot": "face", **found.look} if found else None


CHARACTERS = [
    Character("Adaeze Firth", "plays the cello on rooftops, and only there"),
    Character("Bram Okonkwo", "won the world cup of paper boats twice"),
    Character("Celestine Vu", "wrote the song that every lift in the world plays"),
    Character("Dov Marchetti", "cooks with nothing but a lighthouse"),
    Character("Esme Tallgrass", "walked from pole to pole and forgot her keys"),
    Character("Farouk Lindqvist", "anchors the late news for night watchmen"),
    Character("Ginevra Poole", "paints portraits of weather"),
    Character("Hideo Castellan", "has the second fastest handshake alive"),
    Character("Imani Wren", "directs films that last one breath"),
    Character("Jory Baptiste", "surfs on rivers, upstream"),
    Character("Kaveh Moonstone", "teaches chess to parrots"),
    Character("Leocadia Finch", "sings the part of the storm at the opera"),
    Character("Milo Achterberg", "invented the sock that finds its partner"),
    Character("Noor Valentine", "dances the tango with robots"),
    Character("Otis Kurokawa", "drums for a band of librarians"),
    Character("Perpetua Ames", "reads the shipping forecast as poetry"),
    Character("Quill Danso", "holds the record for silent karaoke"),
    Character("Rosalind Aboah", "designs hats for statues"),
    Character("Soren Tamsin", "climbs cathedrals to wind their clocks"),
    Character("Tallulah Brandt", "skates figure eights, never sevens"),
    Character("Umberto Nakai", "bakes bread in the shape of cities"),
    Character("Vesper Olayinka", "presents the weather of other planets"),
    Character("Wilhelmina Cho", "restores fireworks"),
    Character("Xavier Duskin", "dives for pianos"),
    Character("Yara Pennington", "wrote a novel without the letter of the law"),
    Character("Zoltan Everett", "juggles at weddings, discreetly"),
    Character("Anouk Delacroix-Bello", "breeds tulips that close for lunch"),
    Character("Basil Thistlewood", "narrates documentaries about moss"),
    Character("Cosima Rhee", "races solar balloons"),
    Character("Dmitri Osei", "plays every part in a string quartet"),
    Character("Elodie Marsh", "collects echoes and lends them out"),
    Character("Fitz Abernathy", "ran a marathon inside a museum"),
    Character("Greta Yamoah", "conducts the orchestra of car horns"),
    Character("Hollis Quang", "draws maps of places he dreams of"),
    Character("Ines Carrow", "is the voice of three satnavs"),
    Character("Jasper Mwangi", "whistles at the philharmonic"),
    Character("Kestrel Adair", "flies kites for a living, so far"),
    Character("Lazarus Bloom", "grows the tallest sunflowers indoors"),
    Character("Marisol Eng", "judges cloud competitions"),
    Character("Nikolai Fairweather", "sold the last fax machine with a speech"),
]
