"use strict";
// The slider of the samples, the buttons, and the page of a running study that loads itself anew.
(() => {
  const STEP = 500, STILL = 10_000;  // milliseconds: between two pictures, and after which a reader rests

  // what a reader chose, for when the page loads itself anew; a browser may refuse to keep it
  const kept = {
    get(name) { try { return sessionStorage.getItem(location.pathname + name); } catch { return null; } },
    take(name) { const found = kept.get(name); kept.set(name, ""); return found; },
    set(name, value) { try { sessionStorage.setItem(location.pathname + name, value); } catch { /* it starts anew */ } },
  };
  let touched = -Infinity;
  for (const event of ["input", "keydown", "pointerdown", "wheel", "touchmove"])
    addEventListener(event, () => { touched = performance.now(); }, {passive: true});

  function samples(section) {
    const [input, output, play] = ["input", "output", ".play"].map(selector => section.querySelector(selector));
    const {iterations, frames} = JSON.parse(section.querySelector("script").textContent);
    const figures = [...section.querySelectorAll(".grids figure")];
    const images = figures.map(figure => figure.querySelector("img"));
    const newest = images.map(image => image.src);
    const last = iterations.length - 1;
    let timer = null;

    function show(at) {
      output.textContent = `iteration ${iterations[at].toLocaleString("en")}`;
      input.value = at;
      input.setAttribute("aria-valuetext", output.textContent);
      figures.forEach((figure, i) => {
        const found = frames[i].findLast(([iteration]) => iteration <= iterations[at]);
        images[i].style.visibility = found ? "visible" : "hidden";
        if (found) images[i].src = found[1] ?? newest[i];
        const other = found && found[0] !== iterations[at];
        figure.querySelector("figcaption span").textContent =
          !found ? "none yet" : other ? `iteration ${found[0].toLocaleString("en")}` : "";
      });
      kept.set("samples", at === last ? "newest" : iterations[at]);
    }

    function stop() {
      clearInterval(timer);
      timer = null;
      if (play) play.textContent = "Play";
    }

    if (!input) return;
    input.addEventListener("input", () => { stop(); show(Number(input.value)); });
    play.addEventListener("click", () => {
      if (timer !== null) return stop();
      play.textContent = "Pause";
      let at = Number(input.value) === last ? 0 : Number(input.value);
      show(at);
      timer = setInterval(() => (at < last ? show(++at) : stop()), STEP);
    });
    const wanted = Number(kept.get("samples") || NaN);  // of which a page that was renewed may show the one before
    const before = iterations.findLastIndex(iteration => iteration <= wanted);
    show(before < 0 ? last : before);
  }

  for (const section of document.querySelectorAll(".samples")) samples(section);

  for (const button of document.querySelectorAll(".enlarge"))
    button.addEventListener("click", () => {
      const large = button.closest("figure").classList.toggle("large");
      button.setAttribute("aria-pressed", String(large));
    });

  for (const button of document.querySelectorAll(".copy"))
    button.addEventListener("click", async () => {
      const text = button.parentElement.querySelector("pre").textContent;
      try {
        await navigator.clipboard.writeText(text);
      } catch {  // not allowed here: it is selected, for the reader to copy
        getSelection().selectAllChildren(button.parentElement.querySelector("pre"));
      }
      button.textContent = getSelection().toString() === text ? "Selected" : "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });

  const seconds = Number(document.documentElement.dataset.refresh);
  if (seconds) {
    const place = kept.take("place");
    const back = () => place && scrollTo({top: Number(place), behavior: "instant"});
    addEventListener("load", back);
    document.addEventListener("drawn", back);  // what is above has its height only then
    let due = false;
    const renew = () => {
      if (!due || document.hidden) return;
      const rest = performance.now() - touched;
      if (rest < STILL) return void setTimeout(renew, STILL - rest);
      kept.set("place", scrollY);
      location.reload();
    };
    setTimeout(() => { due = true; renew(); }, 1000 * seconds);
    document.addEventListener("visibilitychange", renew);
  }
})();
