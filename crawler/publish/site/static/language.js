/* Keeps the language that a reader chose from one page to the next, where the browser lets a page keep anything, and has the page's
   title in it. Which language is shown is a matter of the switch and the style sheet, which do without this. */
"use strict";

{
  const english = document.getElementById("language-en");
  const title = document.querySelector("title");
  title.dataset.zh = document.title;
  const told = () => {
    document.title = title.dataset[english.checked ? "en" : "zh"];
  };
  try {
    english.checked = localStorage.getItem("citizen-news-language") === "en";
  } catch {
    // Kept from keeping anything: each page begins in Chinese.
  }
  told();
  english.closest("fieldset").addEventListener("change", () => {
    told();
    try {
      localStorage.setItem("citizen-news-language", english.checked ? "en" : "zh");
    } catch {
      // As above.
    }
  });
}
