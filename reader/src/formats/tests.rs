//! Documents of every kind, made here.

use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

/// A PDF with a page for each text.
fn pdf(pages: &[&str]) -> Vec<u8> {
    let mut objects = vec!["<< /Type /Catalog /Pages 2 0 R >>".to_owned()];
    let kids: Vec<String> = (0..pages.len())
        .map(|page| format!("{} 0 R", 4 + 2 * page))
        .collect();
    objects.push(format!(
        "<< /Type /Pages /Kids [{}] /Count {} >>",
        kids.join(" "),
        pages.len()
    ));
    objects.push(
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
            .to_owned(),
    );
    for (page, text) in pages.iter().enumerate() {
        let content = format!("BT /F1 12 Tf 72 720 Td ({text}) Tj ET");
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {} 0 R \
             /Resources << /Font << /F1 3 0 R >> >> >>",
            5 + 2 * page
        ));
        objects.push(format!(
            "<< /Length {} >>\nstream\n{content}\nendstream",
            content.len()
        ));
    }
    let mut file = b"%PDF-1.4\n".to_vec();
    let mut offsets = Vec::new();
    for (number, object) in (1..).zip(&objects) {
        offsets.push(file.len());
        file.extend(format!("{number} 0 obj\n{object}\nendobj\n").bytes());
    }
    let table = file.len();
    file.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for offset in offsets {
        file.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    file.extend(
        format!(
            "trailer << /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n",
            objects.len() + 1
        )
        .bytes(),
    );
    file
}

fn zip(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

const RELATIONSHIP: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

fn relationships(entries: &[(&str, &str, &str)]) -> String {
    let entries: String = entries
        .iter()
        .map(|(id, kind, target)| {
            format!(r#"<Relationship Id="{id}" Type="{RELATIONSHIP}/{kind}" Target="{target}"/>"#)
        })
        .collect();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{entries}</Relationships>"#
    )
}

fn docx() -> Vec<u8> {
    let word = r#"xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main""#;
    let document = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><w:document {word}><w:body>
           <w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>The bakery</w:t></w:r></w:p>
           <w:p><w:r><w:t xml:space="preserve">Rye bread rests </w:t></w:r><w:r><w:t>overnight &amp; is baked at dawn.</w:t></w:r></w:p>
           <w:tbl><w:tr><w:tc><w:p><w:r><w:t>Flour</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>500 g</w:t></w:r></w:p></w:tc></w:tr></w:tbl>
           </w:body></w:document>"#
    );
    let styles = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><w:styles {word}><w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style></w:styles>"#
    );
    zip(&[
        (
            "[Content_Types].xml",
            r#"<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>"#,
        ),
        (
            "_rels/.rels",
            &relationships(&[("rId1", "officeDocument", "word/document.xml")]),
        ),
        (
            "word/_rels/document.xml.rels",
            &relationships(&[("rId1", "styles", "styles.xml")]),
        ),
        ("word/document.xml", &document),
        ("word/styles.xml", &styles),
    ])
}

fn pptx() -> Vec<u8> {
    let spaces = format!(
        r#"xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:r="{RELATIONSHIP}""#
    );
    let slide = |title: &str, body: &str| {
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?><p:sld {spaces}><p:cSld><p:spTree>
               <p:sp><p:nvSpPr><p:cNvPr id="2" name="Title"/><p:cNvSpPr/><p:nvPr><p:ph type="title"/></p:nvPr></p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/><a:p><a:r><a:t>{title}</a:t></a:r></a:p></p:txBody></p:sp>
               <p:sp><p:nvSpPr><p:cNvPr id="3" name="Body"/><p:cNvSpPr/><p:nvPr><p:ph idx="1"/></p:nvPr></p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/><a:p><a:r><a:t>{body}</a:t></a:r></a:p></p:txBody></p:sp>
               </p:spTree></p:cSld></p:sld>"#
        )
    };
    let presentation = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><p:presentation {spaces}><p:sldIdLst><p:sldId id="256" r:id="rId1"/><p:sldId id="257" r:id="rId2"/></p:sldIdLst></p:presentation>"#
    );
    zip(&[
        (
            "[Content_Types].xml",
            r#"<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/></Types>"#,
        ),
        (
            "_rels/.rels",
            &relationships(&[("rId1", "officeDocument", "ppt/presentation.xml")]),
        ),
        (
            "ppt/_rels/presentation.xml.rels",
            &relationships(&[
                ("rId1", "slide", "slides/slide1.xml"),
                ("rId2", "slide", "slides/slide2.xml"),
            ]),
        ),
        ("ppt/presentation.xml", &presentation),
        (
            "ppt/slides/slide1.xml",
            &slide("Tides", "The moon pulls the sea."),
        ),
        (
            "ppt/slides/slide2.xml",
            &slide("Spring tides", "Sun and moon stand in line."),
        ),
    ])
}

fn epub() -> Vec<u8> {
    let chapter = |title: &str, body: &str| {
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title><style>p {{ color: red }}</style></head><body><h1>{title}</h1><p>{body}</p></body></html>"#
        )
    };
    zip(&[
        ("mimetype", "application/epub+zip"),
        (
            "META-INF/container.xml",
            r#"<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"#,
        ),
        (
            "OEBPS/content.opf",
            r#"<?xml version="1.0" encoding="UTF-8"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">urn:x</dc:identifier><dc:title>The Lighthouse</dc:title><dc:language>en</dc:language></metadata><manifest><item id="c1" href="c1.xhtml" media-type="application/xhtml+xml"/><item id="c2" href="c2.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="c1"/><itemref idref="c2"/></spine></package>"#,
        ),
        (
            "OEBPS/c1.xhtml",
            &chapter("Arrival", "The keeper rowed across in the fog."),
        ),
        (
            "OEBPS/c2.xhtml",
            &chapter("Winter", "The lamp went out twice in January."),
        ),
    ])
}

fn text_of(reading: &Reading) -> String {
    let texts: Vec<&str> = reading
        .passages
        .iter()
        .map(|passage| passage.text.as_str())
        .collect();
    texts.join("\n")
}

#[test]
fn a_pdf_is_read_page_by_page() {
    let file = pdf(&[
        "Herons fish at dusk in shallow water.",
        "Storks nest on chimneys near meadows.",
    ]);
    let reading = read(Kind::Pdf, file).unwrap();
    let found = |word: &str| {
        reading
            .passages
            .iter()
            .find(|passage| passage.text.contains(word))
            .unwrap()
    };
    assert_eq!(found("Herons fish at dusk").place, Some(Place::Page(1)));
    assert_eq!(found("chimneys").place, Some(Place::Page(2)));
}

#[test]
fn a_word_document_is_read_with_its_headings_and_tables() {
    let reading = read(Kind::Docx, docx()).unwrap();
    let text = text_of(&reading);
    assert!(
        text.contains("Rye bread rests overnight & is baked at dawn."),
        "{text}"
    );
    assert!(text.contains("Flour") && text.contains("500 g"), "{text}");
    assert_eq!(reading.passages[0].heading.as_deref(), Some("The bakery"));
}

#[test]
fn slides_are_read_one_by_one() {
    let reading = read(Kind::Pptx, pptx()).unwrap();
    let last = reading.passages.last().unwrap();
    assert_eq!(last.place, Some(Place::Slide(2)));
    assert!(
        last.text.contains("Sun and moon stand in line."),
        "{last:?}"
    );
    assert_eq!(reading.passages[0].place, Some(Place::Slide(1)));
}

#[test]
fn a_book_is_read_chapter_by_chapter_without_its_styles() {
    let reading = read(Kind::Epub, epub()).unwrap();
    assert_eq!(reading.title.as_deref(), Some("The Lighthouse"));
    let text = text_of(&reading);
    assert!(
        text.contains("rowed across in the fog") && text.contains("went out twice"),
        "{text}"
    );
    assert!(!text.contains("color"), "{text}");
    let winter = reading
        .passages
        .iter()
        .find(|passage| passage.text.contains("January"))
        .unwrap();
    assert_eq!(winter.heading.as_deref(), Some("Winter"));
}

#[test]
fn of_a_web_page_only_the_words_are_read() {
    let page = r#"<!doctype html><html><head><title>t</title><script>alert("stolen()")</script>
        <style>body{display:none}</style></head><body onload="steal()"><h1>Market day</h1>
        <p>Figs are <b>cheap</b> in <a href="javascript:steal()">August</a>.</p>
        <noscript>turn it on</noscript><iframe src="http://127.0.0.1/x"></iframe><script src="x.js"></script></body></html>"#;
    let reading = read(Kind::Html, page.as_bytes().to_vec()).unwrap();
    let text = text_of(&reading);
    assert!(text.contains("cheap"), "{text}");
    for hidden in ["stolen", "steal", "display", "x.js", "127.0.0.1"] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
    assert_eq!(reading.passages[0].heading.as_deref(), Some("Market day"));
}

#[test]
fn text_is_read_in_whatever_encoding() {
    let sentence = "Le garçon préfère les crêpes à Noël, où il reçoit ses cousins.";
    let (old, _, _) = encoding_rs::WINDOWS_1252.encode(sentence);
    let wide: Vec<u8> = b"\xFF\xFE"
        .iter()
        .copied()
        .chain(sentence.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    for file in [sentence.as_bytes().to_vec(), old.into_owned(), wide] {
        assert_eq!(text_of(&read(Kind::Text, file).unwrap()), sentence);
    }
}

#[test]
fn what_is_not_what_its_name_says_is_refused() {
    for kind in [Kind::Docx, Kind::Pptx, Kind::Epub] {
        let other = zip(&[("readme.txt", "no document")]);
        assert_eq!(
            read(kind, other).unwrap_err(),
            Failure::WrongType,
            "{kind:?}"
        );
    }
    assert_eq!(read(Kind::Pptx, docx()).unwrap_err(), Failure::WrongType);
    assert_eq!(
        read(Kind::Text, b"a\0b".to_vec()).unwrap_err(),
        Failure::WrongType
    );
}

#[test]
fn what_breaks_off_is_damaged_and_never_taken_for_all() {
    let whole = pdf(&["one page", "another page"]);
    for part in [1, 2, 3] {
        let file = whole[..whole.len() * part / 4].to_vec();
        assert_eq!(read(Kind::Pdf, file).unwrap_err(), Failure::Damaged);
    }
    for (kind, whole) in [
        (Kind::Docx, docx()),
        (Kind::Pptx, pptx()),
        (Kind::Epub, epub()),
    ] {
        let file = whole[..whole.len() / 2].to_vec();
        assert_eq!(read(kind, file).unwrap_err(), Failure::Damaged, "{kind:?}");
    }
}

#[test]
fn a_document_without_words_says_so() {
    assert_eq!(
        read(Kind::Pdf, pdf(&["", ""])).unwrap_err(),
        Failure::NoText
    );
    assert_eq!(
        read(Kind::Text, b" \n\n ---\n".to_vec()).unwrap_err(),
        Failure::NoText
    );
    assert_eq!(
        read(Kind::Html, b"<img src=x>".to_vec()).unwrap_err(),
        Failure::NoText
    );
}
