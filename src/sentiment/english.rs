//! Which English words turn, raise or lower an opinion? The closed lists of vaderSentiment 3.3.2.

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
