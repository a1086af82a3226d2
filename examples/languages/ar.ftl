title-no-such-order = الطلب غير موجود
detail-no-such-order = لا يوجد طلب بالرقم { $order }.
advice-no-such-order = تحقق من رقم الطلب.

title-404 = غير موجود
headline-404 = الصفحة غير موجودة
explanation-404 = لا توجد صفحة على هذا العنوان.
advice-404 = تحقق من العنوان، أو ابدأ من الصفحة الرئيسية.

title-503 = الخدمة غير متاحة
headline-503 = غير متاح مؤقتًا
explanation-503 = لا يستطيع الخادم معالجة طلبك الآن.
advice-503 = حاول مرة أخرى بعد قليل.

try-again = حاول مرة أخرى
try-again-in-delay = حاول مرة أخرى بعد { $delay }
go-back-and-submit-again = ارجع ثم أرسل مرة أخرى
go-back-and-submit-again-in-delay = ارجع ثم أرسل مرة أخرى بعد { $delay }
sign-in = تسجيل الدخول
home = الصفحة الرئيسية
search = البحث
contact-support = الاتصال بالدعم
go-to = انتقل إلى
about-this-problem = المزيد عن هذه المشكلة
technical-details = تفاصيل تقنية
request-id = رقم المعاملة
about-this-status = المزيد عن رمز الحالة

seconds = { $count ->
    [zero] { $count } ثانية
    [one] ثانية واحدة
    [two] ثانيتين
    [few] { $count } ثوانٍ
    [many] { $count } ثانية
   *[other] { $count } ثانية
}
