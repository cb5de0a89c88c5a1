//! Which English words turn, raise or lower an opinion? The closed lists of vaderSentiment 3.3.2,
//! which the `vader` profile reads alone, and ours.

/// How much a booster raises and a dampener lowers the weight of the word after it.
pub(super) const BOOST: f64 = 0.293;

/// Words that turn the opinion after them around.
pub(super) const NEGATIONS: &str = "
    aint arent cannot cant couldnt darent didnt doesnt ain't aren't can't couldn't daren't didn't
    doesn't dont hadnt hasnt havent isnt mightnt mustnt neither don't hadn't hasn't haven't isn't
    mightn't mustn't neednt needn't never none nope nor not nothing nowhere oughtnt shant shouldnt
    uhuh wasnt werent oughtn't shan't shouldn't uh-uh wasn't weren't without wont wouldnt won't
    wouldn't rarely seldom despite";

/// Degree adverbs that raise.
pub(super) const BOOSTERS: &str = "
    absolutely amazingly awfully completely considerable considerably decidedly deeply effing
    enormous enormously entirely especially exceptional exceptionally extreme extremely fabulously
    flipping flippin frackin fracking fricking frickin frigging friggin fully fuckin fucking fuggin
    fugging greatly hella highly hugely incredible incredibly intensely major majorly more most
    particularly purely quite really remarkably so substantially thoroughly total totally
    tremendous tremendously uber unbelievably unusually utter utterly very";

/// Degree adverbs that lower. The list's three pairs of words are rules of their own.
pub(super) const DAMPENERS: &str = "
    almost barely hardly kinda kindof kind-of less little marginal marginally occasional
    occasionally partly scarce scarcely slight slightly somewhat sorta sortof sort-of";

/// Our own boosters.
pub(super) const MORE_BOOSTERS: &str = "pretty damn fkn way too super mega insanely seriously such";

/// Our own negations.
pub(super) const MORE_NEGATIONS: &str = "
    nobody noone hardly barely scarcely ain't aint dont doesnt didnt havent hasnt isnt wasnt wont
    cant couldnt wouldnt shouldnt fails failed zero lacks lacking n't";

/// Words that negate only what follows closely.
pub(super) const NEAR_NEGATIONS: &str = "no without lack lacks lacking less zero";

/// Subjects that begin a new statement. "you" and "it" are as often objects.
pub(super) const SUBJECTS: &str =
    "i i'm im i've he he's she she's we we're they they're it's its that's this's you're";

/// Words that begin a clause without a comma. "that" and "how" among them.
pub(super) const LINKS: &str = "that why how when";

/// Words that join two of a kind.
pub(super) const JOINTS: &str = "and or plus";

/// Common words that tell English from other languages.
pub(super) const FUNCTIONS: &str = "
    the a an and or is are was were be been am i you he she it we they me him her us them my your
    his its our their this that these those to of in on at for with from by about as if than then
    there here what who which when where why how do does did have has had will would can could
    should just your i'm it's you're he's she's that's i've im u ur dont all out up so get got go
    going one time now day today new after before over some any into more";

/// Common words of other languages that are neither English nor German.
pub(super) const FOREIGN: &str = "
    le les et est une que qui dans pour pas avec sur ce cette vous nous je il elle mais sont c'est
    j'ai très être je tu mon ma el los las y en por para con del está muy pero como más lo su esta
    todo gracias che di non sono della questo anche più molto ho ci het een van voor niet dat ik
    zijn maar ook aan naar heb bij nog não uma com você isso muito mas eu ele os da é och att det
    som på är för inte jag har til ikke af bir ve bu için çok nie się jest że jak yang dan ini itu
    di aku kok gak gw lagi buat nya au aux du ça une";

/// Calls `each` with the regular forms of a word but itself, by class: `v` verb, anything else noun.
pub(super) fn forms(lemma: &str, class: char, mut each: impl FnMut(&str)) {
    let sibilant = ["s", "sh", "ch", "x", "z"].iter().any(|end| lemma.ends_with(end));
    let stem_y = lemma.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u']));
    let third = match stem_y {
        Some(stem) => format!("{stem}ies"),
        None if sibilant => format!("{lemma}es"),
        None => format!("{lemma}s"),
    };
    each(&third);
    if class != 'v' {
        return;
    }
    let stem_e = lemma.strip_suffix('e').unwrap_or(lemma);
    each(&format!("{}ed", stem_y.map_or(stem_e.to_owned(), |stem| format!("{stem}i"))));
    each(&format!("{}ing", if lemma.ends_with("ee") { lemma } else { stem_e }));
}
