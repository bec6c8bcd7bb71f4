//! The document as text, both ways.
use super::Open;
use crate::browser::Key;

const TEXT: &str = "document.querySelector('#source-text').value";

impl Open {
    pub(super) async fn show_text(&self) {
        self.page.key(Key::plain("t")).await;
        self.page.wait_until("the text is there", &format!("{TEXT}.includes('\"loadpath\": 1')")).await;
    }

    /// Selects the first place of these words in the text, as a person does with the mouse, and types over them.
    pub(super) async fn type_over(&self, words: &str, new: &str) {
        let select = format!(
            "(() => {{ const f = document.querySelector('#source-text'); const at = f.value.indexOf({words:?});
              f.focus(); f.setSelectionRange(at, at + {}); }})()",
            words.len()
        );
        let _: () = self.page.evaluate(&select).await;
        self.page.type_text(new).await;
    }
}

#[tokio::test]
async fn names_texts_and_numbers_have_their_inks_over_the_same_characters() {
    let open = Open::example().await;
    open.show_text().await;
    let same = format!("document.querySelector('.source .inks').textContent === {TEXT}");
    open.page.wait_until("the inks say what the field says", &same).await;
    open.type_over("Web tier", "Front").await;
    open.page.wait_until("they follow what is typed", &format!("{TEXT}.includes('Front') && {same}")).await;
    let inks = "['name', 'text', 'number'].map((ink) => getComputedStyle(document.querySelector(`.${ink}-ink`)).color)";
    let mut inks: Vec<String> = open.page.evaluate(inks).await;
    inks.sort();
    inks.dedup();
    assert_eq!(inks.len(), 3, "{inks:?}");
    // A character of the field lies on the same one of the inks: both begin at the same place, in the same font.
    let apart = "(() => { const [a, b] = ['.source .inks', '#source-text'].map((s) => document.querySelector(s).getBoundingClientRect());
        return Math.max(Math.abs(a.left - b.left), Math.abs(a.top - b.top)); })()";
    let apart: f64 = open.page.evaluate(apart).await;
    assert!(apart < 1.0, "{apart} pixels");
    let fonts = "['.source .inks', '#source-text'].map((s) => { const c = getComputedStyle(document.querySelector(s));
        return [c.font, c.letterSpacing, c.paddingLeft, c.borderLeftWidth, c.tabSize].join(); })";
    let [inks, field]: [String; 2] = open.page.evaluate(fonts).await;
    assert_eq!(inks, field);
    open.page.finish().await;
}

#[tokio::test]
async fn the_text_changes_the_canvas_and_the_canvas_changes_the_text() {
    let open = Open::example().await;
    open.show_text().await;
    open.type_over("Web tier", "Front").await;
    open.page
        .wait_until("the canvas follows", "document.querySelector('#node-2 b').textContent === 'Front'")
        .await;
    open.click("header [aria-label^=Undo]").await;
    open.page
        .wait_until("one undo takes it back, in the text too", &format!("{TEXT}.includes('Web tier')"))
        .await;
    open.click("#node-2 b").await;
    open.page.wait_until("the text shows where it is", "document.querySelector('#source .band')").await;
    open.page
        .wait_until("it has scrolled there", "document.querySelector('#source .lines').scrollTop > 0")
        .await;
    open.page.key(Key::plain("Delete")).await;
    open.page.wait_until("it is gone from the text", &format!("!{TEXT}.includes('Web tier')")).await;
    // The caret selects on the canvas.
    open.type_over("\"id\": \"db\"", "\"id\": \"db\"").await;
    open.page.key(Key::plain("ArrowLeft")).await;
    open.page
        .wait_until(
            "the database is selected",
            "document.querySelector('.node[data-kind=database].selected')",
        )
        .await;
    open.page.finish().await;
}

#[tokio::test]
async fn what_is_wrong_stands_at_its_line_and_the_canvas_stays() {
    let open = Open::example().await;
    open.show_text().await;
    open.type_over("\"workers\": 8", "\"workers\": \"many\"").await;
    open.page
        .wait_until(
            "the fault is told at its line",
            "/^Line \\d+: .*workers.*not a number/.test(document.querySelector('#source-faults li').textContent)",
        )
        .await;
    open.page.wait_until("the canvas marks it too", "document.querySelector('#node-2.faulty')").await;
    open.type_over("\"workers\": \"many\"", "\"workers\": [").await;
    open.page
        .wait_until(
            "it cannot be read",
            "document.querySelector('#source-faults').textContent.includes('last version that could be read')",
        )
        .await;
    assert_eq!(open.count(".node").await, 5);
    open.type_over("\"workers\": [", "\"workers\": 4").await;
    open.page
        .wait_until(
            "all is well again",
            "document.querySelector('#node-2 small').textContent === '2 × 4 workers' && \
             !document.querySelector('#source-faults li')",
        )
        .await;
    open.page.key(Key::plain("Escape")).await;
    open.click("#source [aria-label='Close the text']").await;
    open.wait_for_count("#source", 0).await;
    open.page.finish().await;
}
