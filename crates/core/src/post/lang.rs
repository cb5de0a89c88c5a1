//! In which language is a post? Codes of ISO 639, each language by one of them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A language as its ISO 639 primary subtag, at most three letters; `und` when unknown.
///
/// A language that has a code of two letters is always known by that.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Lang([u8; 3]);

impl Lang {
    /// Undetermined.
    pub const UND: Self = Self(*b"und");
    /// English.
    pub const EN: Self = Self(*b"en\0");
    /// German.
    pub const DE: Self = Self(*b"de\0");

    /// Takes the primary subtag of a BCP 47 tag (`de` of `de-AT`); anything else is [`Lang::UND`].
    ///
    /// Codes of three letters (`fra`, `fre`) and withdrawn ones (`iw`) become the one of two letters that
    /// means the same (`fr`, `he`).
    #[must_use]
    pub fn parse(tag: &str) -> Self {
        let primary = tag.split(['-', '_']).next().unwrap_or_default().as_bytes();
        if !(2..=3).contains(&primary.len()) || !primary.iter().all(u8::is_ascii_alphabetic) {
            return Self::UND;
        }
        let mut code = [0; 3];
        for (to, from) in code.iter_mut().zip(primary) {
            *to = from.to_ascii_lowercase();
        }
        Self(canonical(code))
    }

    /// The lowercase subtag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|&byte| byte == 0).unwrap_or(self.0.len());
        std::str::from_utf8(self.0.get(..end).unwrap_or_default()).unwrap_or("und")
    }

    /// Its code and all others that mean the same, as an older lake may hold them.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        let others = OTHERS.split_whitespace().filter_map(|pair| pair.split_once('='));
        let others = others.filter(|(_, short)| *short == self.as_str()).map(|(other, _)| other);
        std::iter::once(self.as_str()).chain(others)
    }

    /// Whether a language has this code; of the thousands with three letters alone nothing is said.
    #[must_use]
    pub fn is_known(&self) -> bool {
        let code = self.as_str();
        code.len() != 2 || SHORT.split_whitespace().any(|short| short == code)
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lang({self})")
    }
}

/// The code of two letters for one that means the same; itself where there is none.
fn canonical(code: [u8; 3]) -> [u8; 3] {
    let length = code.iter().position(|&byte| byte == 0).unwrap_or(code.len());
    let own = code.get(..length).unwrap_or_default();
    // Nearly all posts come with two letters that need no look.
    if code == Lang::UND.0 || length == 2 && !WITHDRAWN.iter().any(|old| old.as_bytes() == own) {
        return code;
    }
    let same = |pair: &&str| pair.split('=').next().is_some_and(|other| other.as_bytes() == own);
    let short = OTHERS.split_whitespace().find(same).and_then(|pair| pair.split('=').nth(1));
    match short.map(str::as_bytes) {
        Some(&[first, second]) => [first, second, 0],
        _ => code,
    }
}

/// All codes of two letters that a language has.
const SHORT: &str = "
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da
    de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz
    ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln
    lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi
    pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th
    ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// Codes of two letters that others took the place of, and that sources still write.
const WITHDRAWN: [&str; 5] = ["iw", "in", "ji", "jw", "mo"];

/// The codes that mean the same as one of two letters: those of ISO 639-2 and 639-3, and withdrawn ones.
const OTHERS: &str = "
    aar=aa abk=ab afr=af aka=ak alb=sq amh=am ara=ar arg=an arm=hy asm=as ava=av ave=ae aym=ay
    aze=az bak=ba bam=bm baq=eu bel=be ben=bn bih=bh bis=bi bod=bo bos=bs bre=br bul=bg bur=my
    cat=ca ces=cs cha=ch che=ce chi=zh chu=cu chv=cv cor=kw cos=co cre=cr cym=cy cze=cs dan=da
    deu=de div=dv dut=nl dzo=dz ell=el eng=en epo=eo est=et eus=eu ewe=ee fao=fo fas=fa fij=fj
    fin=fi fra=fr fre=fr fry=fy ful=ff geo=ka ger=de gla=gd gle=ga glg=gl glv=gv gre=el grn=gn
    guj=gu hat=ht hau=ha hbs=sh heb=he her=hz hin=hi hmo=ho hrv=hr hun=hu hye=hy ibo=ig ice=is
    ido=io iii=ii iku=iu ile=ie in=id ina=ia ind=id ipk=ik isl=is ita=it iw=he jav=jv ji=yi jpn=ja
    jw=jv kal=kl kan=kn kas=ks kat=ka kau=kr kaz=kk khm=km kik=ki kin=rw kir=ky kom=kv kon=kg
    kor=ko kua=kj kur=ku lao=lo lat=la lav=lv lim=li lin=ln lit=lt ltz=lb lub=lu lug=lg mac=mk
    mah=mh mal=ml mao=mi mar=mr may=ms mkd=mk mlg=mg mlt=mt mo=ro mol=ro mon=mn mri=mi msa=ms
    mya=my nau=na nav=nv nbl=nr nde=nd ndo=ng nep=ne nld=nl nno=nn nob=nb nor=no nya=ny oci=oc
    oji=oj ori=or orm=om oss=os pan=pa per=fa pli=pi pol=pl por=pt pus=ps que=qu roh=rm ron=ro
    rum=ro run=rn rus=ru sag=sg san=sa scc=sr scr=hr sin=si slk=sk slo=sk slv=sl sme=se smo=sm
    sna=sn snd=sd som=so sot=st spa=es sqi=sq srd=sc srp=sr ssw=ss sun=su swa=sw swe=sv tah=ty
    tam=ta tat=tt tel=te tgk=tg tgl=tl tha=th tib=bo tir=ti ton=to tsn=tn tso=ts tuk=tk tur=tr
    twi=tw uig=ug ukr=uk urd=ur uzb=uz ven=ve vie=vi vol=vo wel=cy wln=wa wol=wo xho=xh yid=yi
    yor=yo zha=za zho=zh zul=zu";
