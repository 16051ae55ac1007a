"""The planner's page: measures chosen by hand, two worlds side by side, their cost, effects and harm.

`kumakan app` starts it. It stands on top of everything else: nothing but the command imports it.

| file | holds |
|---|---|
| `choice` | what a visitor chooses, as a scenario whose name follows from its content |
| `costs` | the cards of the measures, and what a choice costs, without a run |
| `desk` | makes the runs that visitors ask for, one comparison after the other, and keeps them in one store |
| `results` | what finished pairs of runs say: effects, and layers by week and region |
| `limits` | what B could do at most, and the size at which it would reach an effect |
| `charts` | maps and lines as Vega-Lite, made with Altair |
| `tables` | effects, harm and cost as HTML |
| `page` | the page itself: one state for each visitor |
| `serve` | the server |
"""
