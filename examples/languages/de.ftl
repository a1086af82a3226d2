title-no-such-order = Bestellung nicht gefunden
detail-no-such-order = Die Bestellung { $order } gibt es nicht.
advice-no-such-order = Prüfen Sie die Nummer der Bestellung.

title-404 = Nicht gefunden
headline-404 = Seite nicht gefunden
explanation-404 = Unter dieser Adresse gibt es keine Seite.
advice-404 = Prüfen Sie die Adresse, oder beginnen Sie auf der Startseite.

title-503 = Dienst nicht verfügbar
headline-503 = Gerade nicht erreichbar
explanation-503 = Der Server kann Ihre Anfrage im Moment nicht bearbeiten.
advice-503 = Versuchen Sie es in Kürze noch einmal.

try-again = Erneut versuchen
try-again-in-delay = In { $delay } erneut versuchen
go-back-and-submit-again = Gehen Sie zurück, und senden Sie noch einmal ab
go-back-and-submit-again-in-delay = Gehen Sie zurück, und senden Sie in { $delay } noch einmal ab
sign-in = Anmelden
home = Startseite
search = Suche
contact-support = Support kontaktieren
go-to = Weiter zu
about-this-problem = Mehr zu diesem Problem
technical-details = Technische Einzelheiten
request-id = Nummer der Anfrage
about-this-status = Mehr zu diesem Statuscode

seconds = { $count ->
    [one] einer Sekunde
   *[other] { $count } Sekunden
}
