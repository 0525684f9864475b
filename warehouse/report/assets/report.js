// Sorting and searching of the index, and the charts, which are drawn when they come into view.
// Everything is readable without this script.
"use strict";

(() => {
  const collator = new Intl.Collator("zh-CN", { numeric: true });

  const text = (row, column) => row.cells[column].textContent.trim();

  const compare = (column, numeric) => (a, b) => {
    const [left, right] = [text(a, column), text(b, column)];
    if (!left || !right) return Number(!left) - Number(!right);
    return numeric ? Number(left) - Number(right) : collator.compare(left, right);
  };

  const sortable = (table) => {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const order = compare(column, head.classList.contains("number"));
        const body = table.tBodies[0];
        const rows = [...body.rows];
        // What is empty stands last whichever way the others go.
        const filled = rows.filter((row) => text(row, column)).sort(order);
        body.append(...(down ? filled.reverse() : filled), ...rows.filter((row) => !text(row, column)));
      });
    });
  };

  const searchable = (form, table) => {
    const input = form.querySelector("input");
    const told = form.querySelector("output");
    const rows = [...table.tBodies[0].rows].map((row) => [row, row.textContent.toLowerCase()]);
    const search = () => {
      const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let count = 0;
      for (const [row, said] of rows) {
        row.hidden = !wanted.every((word) => said.includes(word));
        count += Number(!row.hidden);
      }
      told.textContent = wanted.length ? `${count} 行` : "";
    };
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    input.addEventListener("input", search);
  };

  const charts = (plots) => {
    let library;
    const loaded = () => {
      library ??= new Promise((done, failed) => {
        const script = document.createElement("script");
        script.src = "assets/plotly.min.js";
        script.onload = done;
        script.onerror = failed;
        document.head.append(script);
      });
      return library;
    };
    const draw = async (plot) => {
      await loaded();
      const chart = JSON.parse(document.getElementById(plot.dataset.chart).textContent);
      chart.layout.font.color = getComputedStyle(document.body).color;
      await window.Plotly.newPlot(plot, chart.data, chart.layout, { displayModeBar: false, responsive: true });
      plot.classList.add("drawn");
    };
    const watch = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        watch.unobserve(entry.target);
        draw(entry.target);
      }
    }, { rootMargin: "200px" });
    plots.forEach((plot) => watch.observe(plot));
  };

  for (const table of document.querySelectorAll("table[data-sortable]")) {
    sortable(table);
    const form = document.querySelector("form.search");
    if (form) searchable(form, table);
  }
  // The page is shown first: the library is large.
  window.addEventListener("load", () => charts(document.querySelectorAll("[data-chart]")));
})();
