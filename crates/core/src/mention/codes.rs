//! Is a code that of a language? ISO 639-1 with the codes of three letters that say the same.
//!
//! Of the thousands of languages that have three letters alone nothing is said.

use crate::post::Lang;

/// The code of two letters, then those of three that mean the same.
const CODES: &str = "
    aa aar|ab abk|ae ave|af afr|ak aka|am amh|an arg|ar ara|as asm|av ava|ay aym|az aze|ba bak|be bel
    |bg bul|bh bih|bi bis|bm bam|bn ben|bo bod tib|br bre|bs bos|ca cat|ce che|ch cha|co cos|cr cre
    |cs ces cze|cu chu|cv chv|cy cym wel|da dan|de deu ger|dv div|dz dzo|ee ewe|el ell gre|en eng
    |eo epo|es spa|et est|eu eus baq|fa fas per|ff ful|fi fin|fj fij|fo fao|fr fra fre|fy fry|ga gle
    |gd gla|gl glg|gn grn|gu guj|gv glv|ha hau|he heb|hi hin|ho hmo|hr hrv|ht hat|hu hun|hy hye arm
    |hz her|ia ina|id ind|ie ile|ig ibo|ii iii|ik ipk|io ido|is isl ice|it ita|iu iku|ja jpn|jv jav
    |ka kat geo|kg kon|ki kik|kj kua|kk kaz|kl kal|km khm|kn kan|ko kor|kr kau|ks kas|ku kur|kv kom
    |kw cor|ky kir|la lat|lb ltz|lg lug|li lim|ln lin|lo lao|lt lit|lu lub|lv lav|mg mlg|mh mah
    |mi mri mao|mk mkd mac|ml mal|mn mon|mr mar|ms msa may|mt mlt|my mya bur|na nau|nb nob|nd nde
    |ne nep|ng ndo|nl nld dut|nn nno|no nor|nr nbl|nv nav|ny nya|oc oci|oj oji|om orm|or ori|os oss
    |pa pan|pi pli|pl pol|ps pus|pt por|qu que|rm roh|rn run|ro ron rum|ru rus|rw kin|sa san|sc srd
    |sd snd|se sme|sg sag|sh hbs|si sin|sk slk slo|sl slv|sm smo|sn sna|so som|sq sqi alb|sr srp|ss ssw
    |st sot|su sun|sv swe|sw swa|ta tam|te tel|tg tgk|th tha|ti tir|tk tuk|tl tgl|tn tsn|to ton|tr tur
    |ts tso|tt tat|tw twi|ty tah|ug uig|uk ukr|ur urd|uz uzb|ve ven|vi vie|vo vol|wa wln|wo wol|xh xho
    |yi yid|yo yor|za zha|zh zho chi|zu zul|in|iw|ji|jw|mo";

/// What is odd about a code: it is that of no language, or sources write a shorter one.
pub(super) fn oddity(lang: Lang) -> Option<String> {
    let code = lang.as_str();
    let mut languages = CODES.split('|').map(str::split_whitespace);
    if code.len() == 2 {
        let is_known = languages.any(|mut codes| codes.next() == Some(code));
        return (!is_known).then(|| format!("no language has the code {code}"));
    }
    let short = languages.find_map(|mut codes| {
        let short = codes.next()?;
        codes.any(|long| long == code).then_some(short)
    })?;
    Some(format!("sources write {short} for {code}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_no_post_has_are_odd() {
        let odd = ["xx", "jp", "gb", "us", "fra", "jpn", "dut"];
        let right = ["de", "deu", "eng", "iw", "uk", "und", "gsw", "zxx", "zu", "aa"];
        for (codes, want) in [(&odd[..], true), (&right[..], false)] {
            for code in codes {
                assert_eq!(oddity(Lang::parse(code)).is_some(), want, "{code}");
            }
        }
    }
}
