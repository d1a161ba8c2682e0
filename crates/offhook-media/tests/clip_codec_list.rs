//! Codec lists as applications write them.

use offhook_media::{Codec, CodecList, CodecListError, CodecName};

/// RING-50: the order of the list is the order of priority.
#[test]
fn a_list_keeps_its_order() {
    assert_eq!(CodecList::parse("g711u;g711a").unwrap().available(), [Codec::G711U, Codec::G711A]);
    assert_eq!(CodecList::parse("g711a;g711u").unwrap().available(), [Codec::G711A, Codec::G711U]);
}

/// RING-51: letter case and blanks do not matter, and duplicates are dropped.
#[test]
fn case_blanks_and_duplicates_do_not_matter() {
    let list = CodecList::parse(" G711A ;g711u; g711A\t;;").unwrap();
    assert_eq!(list.available(), [Codec::G711A, Codec::G711U]);
    assert_eq!(list.to_string(), "g711a;g711u");
}

/// RING-51: the five names are known; those that this build lacks are remembered and never negotiated.
#[test]
fn codecs_that_the_build_lacks_are_accepted_beside_one_that_it_has() {
    assert_eq!(Codec::names_known(), ["g711a", "g711u", "g722", "opus", "g729"]);
    let list = CodecList::parse("opus;g722;g729;g711u").unwrap();
    assert_eq!(list.available(), [Codec::Opus, Codec::G722, Codec::G711U]);
    assert_eq!(list.names(), [CodecName::Opus, CodecName::G722, CodecName::G729, CodecName::G711U]);
}

/// RING-51: an empty list is an error that lists the names.
#[test]
fn an_empty_list_is_refused() {
    for empty in ["", "  ", ";", " ; "] {
        let error = CodecList::parse(empty).unwrap_err();
        assert_eq!(error, CodecListError::Empty { given: empty.to_owned() });
        assert!(error.to_string().ends_with("known codecs: g711a, g711u, g722, opus, g729"), "{error}");
    }
}

/// RING-51: an unknown name is an error that names it and lists the known ones.
#[test]
fn an_unknown_name_is_refused() {
    let error = CodecList::parse("g711a;g726").unwrap_err();
    assert_eq!(
        error.to_string(),
        "codec \"g726\" is not known; known codecs: g711a, g711u, g722, opus, g729"
    );
}

/// RING-51: a list of which nothing can be negotiated is an error that lists what can.
#[test]
fn a_list_without_an_available_codec_is_refused() {
    let error = CodecList::parse("g729").unwrap_err();
    assert_eq!(error, CodecListError::NoneAvailable { given: "g729".to_owned() });
    assert!(error.to_string().contains("g711a, g711u"), "{error}");
}

/// RING-50: the default list holds G.711 alone; other codecs are used where a list names them.
#[test]
fn the_default_list_holds_g711() {
    assert_eq!(CodecList::default().available(), [Codec::G711A, Codec::G711U]);
}
