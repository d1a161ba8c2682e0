//! Codec lists as applications write them.

use offhook_media::{Codec, CodecList, CodecListError};

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

/// RING-51: the five names are known.
#[test]
fn all_names_are_known() {
    assert_eq!(Codec::ALL.map(Codec::name), ["g711a", "g711u", "g722", "opus", "g729"]);
    let list = CodecList::parse("opus;g722;g729;g711u").unwrap();
    assert_eq!(list.available(), [Codec::Opus, Codec::G722, Codec::G729, Codec::G711U]);
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

/// RING-50: the default list holds G.711 alone; other codecs are used where a list names them.
#[test]
fn the_default_list_holds_g711() {
    assert_eq!(CodecList::default().available(), [Codec::G711A, Codec::G711U]);
}
