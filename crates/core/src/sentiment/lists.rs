//! On which lists of the rules is a word? Each list is one bit of what is known of a word, so that
//! a rule looks at the word and searches nothing.

/// Some of the lists.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lists(u32);

impl Lists {
    /// Negations that leave no room: with a comparative, nothing is more so.
    pub(super) const UTTER: Self = Self(1 << 0);
    /// Those of them that stand for a thing or person.
    pub(super) const NOBODY: Self = Self(1 << 1);
    /// "can't" and its kin, which "enough" turns into praise.
    pub(super) const UNABLE: Self = Self(1 << 2);
    /// "can't find a better one".
    pub(super) const FINDERS: Self = Self(1 << 3);
    /// Negations of time and of persons, which a "so" raises.
    pub(super) const NEVER: Self = Self(1 << 4);
    /// They say to which degree.
    pub(super) const SO: Self = Self(1 << 5);
    /// "such a", which raises blame behind a negation.
    pub(super) const SUCH: Self = Self(1 << 6);
    /// They make a comparative of the word behind them.
    pub(super) const MORE: Self = Self(1 << 7);
    /// They turn "can't" into praise.
    pub(super) const ENOUGH: Self = Self(1 << 8);
    /// A "no" that may only exclaim.
    pub(super) const NO: Self = Self(1 << 9);
    /// Verbs with a negation in them, which may open a question.
    pub(super) const AUXILIARIES: Self = Self(1 << 10);
    /// Who or what a question is asked about.
    pub(super) const ASKED: Self = Self(1 << 11);
    /// What may stand before the verb that opens a question.
    pub(super) const WHY: Self = Self(1 << 12);
    /// German verbs that open a question.
    pub(super) const OPENERS: Self = Self(1 << 13);
    /// Comparatives that are opinions.
    pub(super) const COMPARATIVES: Self = Self(1 << 14);
    /// What a new statement begins with behind an "and".
    pub(super) const ARTICLES: Self = Self(1 << 15);
    /// They negate behind a "neither" only.
    pub(super) const NOR: Self = Self(1 << 16);
    /// They let a "nor" negate.
    pub(super) const NEITHER: Self = Self(1 << 17);
    /// They make no distance between a negation and what it negates.
    pub(super) const LIGHT: Self = Self(1 << 18);
    /// Verbs of thinking: a negation of theirs reaches far.
    pub(super) const RAISERS: Self = Self(1 << 19);
    /// They open a question whose answer the writer does not know.
    pub(super) const ASKERS: Self = Self(1 << 20);
    /// Behind "ist" they make a question that expects a yes.
    pub(super) const EXCLAIMED: Self = Self(1 << 21);
    /// They begin what a "despite" no longer speaks of.
    pub(super) const STARTERS: Self = Self(1 << 22);
    /// They lead to the other thing behind "left" or "prefer".
    pub(super) const TO: Self = Self(1 << 23);
    /// They end what an "unlike" names.
    pub(super) const VERBS: Self = Self(1 << 24);
    /// "as", between which equals stand.
    pub(super) const LIKE: Self = Self(1 << 25);
    /// Words of both languages that mean an opinion in one only.
    pub(super) const FALSE_FRIENDS: Self = Self(1 << 26);
    /// "#not" at the end says that nothing was meant.
    pub(super) const NOT: Self = Self(1 << 27);
    /// Common words of a language that is neither English nor German.
    pub(super) const FOREIGN: Self = Self(1 << 28);
    /// Thanks and applause, which mock where they stand alone beside a complaint.
    pub(super) const THANKS: Self = Self(1 << 29);
    /// What praise is for that may mock: "great job".
    pub(super) const DEEDS: Self = Self(1 << 30);
    /// Praise that mocks where it opens a complaint with a name behind it at most: "great, Acme".
    pub(super) const OPENING: Self = Self(1 << 31);

    /// Whether these have a list in common with some.
    #[inline]
    pub(super) fn meet(self, some: Self) -> bool {
        self.0 & some.0 != 0
    }

    /// These and some more.
    pub(super) fn and(self, some: Self) -> Self {
        Self(self.0 | some.0)
    }
}

/// The words of each list, of both languages, parted by white space.
pub(super) const WORDS: [(Lists, &str); 31] = [
    (
        Lists::UTTER,
        "never no none nothing nobody noone nowhere couldn't couldnt couldn't nor nie niemals
         nirgends nirgendwo nichts nix niemand niemanden niemandem kein keine keinen keinem
         keiner keines",
    ),
    (Lists::NOBODY, "nothing nobody noone no none niemand nichts nix keiner"),
    (Lists::UNABLE, "can't cant cannot couldn't couldnt can not kann nicht"),
    (Lists::FINDERS, "find get ask imagine think wish finden bekommen"),
    (
        Lists::NEVER,
        "never nie niemals nirgends nirgendwo nobody noone niemand haven't havent hasn't",
    ),
    (Lists::SO, "so derart dermaßen derartig"),
    (Lists::SUCH, "such solch solche solchen solcher solches so ein eine einen"),
    (Lists::MORE, "more less any mehr weniger"),
    (Lists::ENOUGH, "enough genug genügend"),
    (Lists::NO, "no nope nah nein nö"),
    (
        Lists::AUXILIARIES,
        "isn't isnt aren't arent wasn't wasnt weren't werent don't dont doesn't doesnt didn't
         didnt can't cant couldn't couldnt won't wont wouldn't wouldnt shouldn't shouldnt
         haven't havent hasn't hasnt hadn't hadnt ain't aint",
    ),
    (
        Lists::ASKED,
        "i you he she it we they this that these those anyone anybody everyone ich du er sie
         es wir ihr das dies man jemand the a",
    ),
    (Lists::WHY, "why how warum wieso weshalb and und"),
    (
        Lists::OPENERS,
        "ist sind war waren findet findest finden findste hat habt haben hast wird werden
         kann könnt können könnte",
    ),
    (
        Lists::COMPARATIVES,
        "better worse happier easier faster nicer friendlier cheaper greater stronger
         smoother finer sadder angrier slower ruder uglier dumber prouder simpler cleaner
         tastier lovelier safer smarter fresher quicker dirtier lazier poorer weaker louder
         besser bessere besseren besserer besseres bessers schlimmer schlimmere schlimmeren
         schlimmeres lieber angenehmer",
    ),
    (
        Lists::ARTICLES,
        "the a an is are was were my your our their his her der die das den dem ein eine
         einen mein meine unser unsere ist sind war waren hat haben wird there",
    ),
    (Lists::NOR, "noch"),
    (Lists::NEITHER, "weder"),
    (Lists::LIGHT, "a an the single one ein eine einen einem einer einziger einzige einziges"),
    (
        Lists::RAISERS,
        "think believe find feel consider expect guess suppose seem sound look glaube glauben
         finde finden denke denken meine halte scheint",
    ),
    (
        Lists::ASKERS,
        "is are was were should does do did can could would will what which who where whats
         what's has have any anyone anybody was welche welcher welches welchen wer wo lohnt
         kann können soll sollte kennt weiß gibt taugt ist sind",
    ),
    (Lists::EXCLAIMED, "das es er sie ihr wir nicht"),
    (
        Lists::STARTERS,
        "it you the this a an war ist hat sie es das der die ein eine einen is was are were
         has lief ging",
    ),
    (Lists::TO, "to for over zu zur zum"),
    (Lists::VERBS, "is are was were has have ist sind war waren hat haben"),
    (Lists::LIKE, "as wie"),
    (
        Lists::FALSE_FRIENDS,
        "handy gross stuck abort angel stall stark grave arrest brief genie alter demon last
         trick tricks smart spitze still wunder bitter heiter rasant fasten wagen welle
         wanted strand stock herb hell",
    ),
    (Lists::NOT, "not nicht"),
    (
        Lists::THANKS,
        "thanks thank thx thnx tnx cheers bravo kudos congrats congratulations applause danke dank
         dankeschön merci glückwunsch gratulation gratuliere applaus chapeau respekt sauber",
    ),
    (
        Lists::OPENING,
        "great brilliant wonderful fantastic excellent perfect lovely nice awesome super toll klasse
         prima spitze großartig wunderbar fantastisch perfekt sauber stark",
    ),
    (Lists::DEEDS, "job work one done update upgrade going effort leistung arbeit kino gemacht"),
];
