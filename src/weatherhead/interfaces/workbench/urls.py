"""The desk's addresses."""

from django.urls import path

from weatherhead.interfaces.workbench import files_views, reads_views, runs_views, views

app_name = "workbench"

urlpatterns = [
    path("", views.desk, name="desk"),
    path("search", views.find, name="search"),
    path("search/options", views.find_options, name="search_options"),
    path("pick/<slug:kind>", views.pick_options, name="pick"),
    path("account/<int:account_id>/", views.account_page, name="account"),
    path("account/<int:account_id>/reveal", views.reveal, name="reveal"),
    path("account/<int:account_id>/do/", views.actions_page, name="actions"),
    path("account/<int:account_id>/do/<slug:name>", views.account_action, name="action"),
    path("do/<slug:name>", views.utility_action, name="utility_action"),
    path("bill/<int:bill_id>/", views.bill_page, name="bill"),
    path("bill/<int:bill_id>/document", views.bill_document_page, name="bill_document"),
    path("bill/<int:bill_id>/pdf", views.bill_pdf, name="bill_pdf"),
    path("summary/<int:summary_id>/document", views.summary_document_page, name="summary_document"),
    path("summary/<int:summary_id>/pdf", views.summary_pdf, name="summary_pdf"),
    path("receipt/<int:receipt_id>/", views.receipt_page, name="receipt"),
    path("reads", reads_views.reads, name="reads"),
    path("reads/do/<slug:name>", reads_views.decide_read, name="decide_read"),
    path("reads/calendar", reads_views.calendar, name="reads_calendar"),
    path("runs", runs_views.runs, name="runs"),
    path("runs/<int:run_id>/", runs_views.run_page, name="run"),
    path("runs/<int:run_id>/progress", runs_views.run_progress, name="run_progress"),
    path("runs/<int:run_id>/do/<slug:name>", runs_views.run_action, name="run_action"),
    path("money/files", files_views.files, name="payment_files"),
    path("money/files/<int:file_id>/", files_views.file_page, name="payment_file"),
    path("money/files/<int:file_id>/progress", files_views.file_progress, name="payment_file_progress"),
    path("money/suspense", files_views.suspense, name="suspense"),
    path("money/suspense/<int:item_id>/do/<slug:name>", files_views.suspense_action, name="suspense_action"),
    path("approvals", views.approvals, name="approvals"),
    path("approvals/<int:request_id>/decide", views.decide, name="decide"),
]
