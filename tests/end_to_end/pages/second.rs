//! What does a reader see of the inbox who decides after somebody else, or twice, and who counts it elsewhere?

use super::{between, form, page, three_waiting};

#[test]
fn who_comes_second_stays_on_the_list_and_sees_what_the_other_decided() {
    let (_place, served) = three_waiting();
    let (proof, cookie) = form(&served, "/inbox");
    let ours = format!("cookie: {cookie}\r\norigin: http://{}\r\n", served.address);
    let press = |button: &str, step: &str, who: &str| {
        let to = button.replace("&amp;", "&");
        let fields =
            format!("proof={proof}&changed_by={who}&back=order%3Ddue%26evil%3D1&step={step}");
        let (status, _, body) = served.ask(&format!("POST {to}"), &ours, &fields);
        (status, String::from_utf8(body.unwrap_or_default()).expect("UTF-8").replace("&#x2f;", "/"))
    };
    let list = page(&served, "/inbox?order=due", &ours).2.replace("&#x2f;", "/");
    let rows: Vec<&str> = list.split("class=\"line deeds\"").skip(1).collect();
    let [first, next, ..] = rows.as_slice() else { panic!("rows: {list}") };
    let button = between(first, "formaction=\"", "\"");
    let next = between(next, "class=\"hidden\"> ", "<");

    assert_eq!(press(button, "assign", "J%C3%B6").0, 303);
    // Whoever has it needs no button to take it; nor is it a mistake to press one.
    let own = format!("cookie: {cookie}; resonanz_name=J%C3%B6\r\n");
    let (_, _, mine) = page(&served, "/inbox?order=due", &own);
    assert!(mine.contains("assigned") && !mine.contains("Take over"), "{mine}");
    assert_eq!(press(button, "assign", "j%C3%B6").0, 303);

    // While it is still on the list, the notice stands below it.
    let (status, html) = press(button, "answer", "Kim");
    let told = between(&html, "id=\"changed\"", "</li>");
    assert!(status == 409 && told.contains("role=\"alert\""), "{html}");
    assert!(told.contains("assigned") && told.contains(">Jö</b>"), "{told}");

    // Once it is not, at the place where it was; order and name are as before.
    let taken = button.replace("revision=0", "revision=1");
    assert_eq!(press(&taken, "answer", "Jo").0, 303);
    let (status, html) = press(button, "ignore", "Kim");
    let told = between(&html, "id=\"changed\"", "</li>");
    assert!(status == 409 && told.contains("answered") && told.contains("terrible"), "{html}");
    let before = html.split(&format!("Take care<span class=\"hidden\"> {next}")).next();
    assert!(before.is_some_and(|before| before.contains("id=\"changed\"")), "{html}");
    assert!(html.contains("value=\"due\" selected") && html.contains("value=\"Kim\""), "{html}");
    assert!(!html.contains("evil"), "{html}");
}

#[test]
fn pages_that_count_differently_who_waits_say_so() {
    let (_place, served) = three_waiting();
    let (_, _, html) = page(&served, "/", "");
    assert!(html.contains("overdue, whatever the period"), "{html}");
    // All three are older than this day, and wait all the same.
    let (_, _, html) = page(&served, "/service?period=2026-02-01", "");
    assert!(html.contains("written in this period"), "{html}");
    assert!(html.contains("3 in all periods"), "{html}");
    let (_, _, html) = page(&served, "/service?period=2026-02-01", "accept-language: de\r\n");
    assert!(html.contains("3 über alle Zeiträume"), "{html}");
}
